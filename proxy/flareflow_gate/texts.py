"""The texts inside a JSON value: what a model reads in a request, or writes in an answer."""

from collections.abc import Iterator
from typing import Any, Final

_NOT_TEXT: Final = frozenset(
    {
        *("role", "type", "id", "index", "signature", "encrypted_content", "cache_control"),
        *("image_url", "source", "input_audio", "file", "data", "file_data"),
    }
)
"""Names of labels and of content that is no text (images, sound, files)."""
_OF_AN_ITEM: Final = ("content", "summary", "arguments", "input")
"""What the model wrote in an item of the Responses API's output."""


def answer_texts(answer: Any) -> Iterator[str]:
    """All that the model wrote in a whole answer, of whichever API."""
    match answer:
        case {"choices": [*choices]}:
            for choice in choices:
                if isinstance(choice, dict):
                    yield from texts([choice.get("message"), choice.get("text")])
        case {"output": [*items]}:
            yield from texts([item.get(name) for item in items if isinstance(item, dict) for name in _OF_AN_ITEM])
        case {"content": [*parts]}:
            yield from texts(parts)


def texts(value: Any) -> Iterator[str]:
    """Every text in `value`, in its order, without labels and binary content."""
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from texts(item)
        case dict():
            for name, item in value.items():
                if name not in _NOT_TEXT:
                    yield from texts(item)
