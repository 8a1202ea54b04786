"""What turns items into values and back."""

from functools import cached_property
from typing import Any

from pydantic import TypeAdapter


class LateAdapter[T]:
    """pydantic's adapter of a type, made when the first value needs it.

    Making one takes milliseconds, and a cold start needs few of those that its modules have.
    """

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind

    @cached_property
    def _made(self) -> TypeAdapter[T]:
        return TypeAdapter(self._kind)

    def validate_python(self, item: object) -> T:
        return self._made.validate_python(item)

    def validate_json(self, text: str) -> T:
        return self._made.validate_json(text)

    def dump_python(self, value: T, **form: Any) -> Any:
        return self._made.dump_python(value, **form)

    def dump_json(self, value: T) -> bytes:
        return self._made.dump_json(value)
