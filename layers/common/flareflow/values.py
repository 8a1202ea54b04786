"""Values that are made by the hundred thousand."""

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, dataclass_transform


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value[T](cls: type[T]) -> type[T]:
    """A frozen dataclass with slots, as of `@dataclass(frozen=True, slots=True)`, that is made in half the time.

    The `__init__` of a frozen dataclass sets each field by `object.__setattr__`, which looks the field up by its name.
    This one sets the slots by their own descriptors. Fields have no other default than a value.
    """
    made: Any = dataclass(frozen=True, slots=True)(cls)
    known = {name: each for one in fields(made) for name, each in _names(made, one)}
    told = ", ".join(f"{one.name}=default_{one.name}" if _has_default(one) else one.name for one in fields(made))
    body = "".join(f"    set_{one.name}(self, {one.name})\n" for one in fields(made))
    exec(f"def __init__(self, {told}):\n{body}", known)  # noqa: S102 (of the names of fields, as dataclasses does)
    made.__init__ = known["__init__"]
    return made  # type: ignore[no-any-return]


def _names(made: Any, one: Field[Any]) -> Iterator[tuple[str, Any]]:
    yield f"set_{one.name}", getattr(made, one.name).__set__
    if _has_default(one):
        yield f"default_{one.name}", one.default


def _has_default(one: Field[Any]) -> bool:
    return one.default is not MISSING
