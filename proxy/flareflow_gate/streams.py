"""Server-sent events, cut from the bytes of a stream."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from pydantic_core import from_json, to_json

from flareflow_gate.costs import with_cost
from flareflow_gate.texts import texts

EVENT_BYTES_MAX: Final = 16 * 1024 * 1024
_SEPARATOR: Final = re.compile(rb"\r?\n\r?\n")
_LAST_TYPES: Final = {"message_stop", "response.completed", "response.incomplete", "response.failed", "error"}


class StreamTooLongError(Exception):
    """One event of a stream is longer than `EVENT_BYTES_MAX`."""


@dataclass(frozen=True)
class StreamEvent:
    """One event with its separator, as it was received."""

    content: bytes

    @cached_property
    def _data(self) -> bytes:
        lines = [line[5:].strip() for line in self.content.splitlines() if line.startswith(b"data:")]
        return b"\n".join(lines)

    @cached_property
    def document(self) -> dict[str, Any]:
        """The event's JSON object; empty where it has none."""
        try:
            document = from_json(self._data) if self._data.startswith(b"{") else {}
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    @property
    def is_failure(self) -> bool:
        """Whether LiteLLM tells of an error in a stream that it has begun."""
        return bool(self.document.get("error")) or self.document.get("type") in {"error", "response.failed"}

    @property
    def is_last(self) -> bool:
        """Whether a client stops reading here."""
        return self._data == b"[DONE]" or self.document.get("type") in _LAST_TYPES

    @property
    def tells_usage_only(self) -> bool:
        """Whether it is the chunk that `include_usage` asks for, which LiteLLM sends with one empty choice."""
        choices = self._choices
        if "choices" not in self.document or not self.document.get("usage"):
            return False
        return not self.text and not any(choice.get("finish_reason") for choice in choices)

    def usage_chunk(self, rated_microtokens: int) -> bytes:
        """The chunk of `tells_usage_only` in OpenAI's form, with the cost of the call."""
        usage = self.document["usage"]
        told = with_cost(usage, rated_microtokens) if isinstance(usage, dict) else usage
        return b"data: " + to_json({**self.document, "choices": [], "usage": told}) + b"\n\n"

    @property
    def tells_usage(self) -> bool:
        """Whether it tells the usage of the whole call so far; Anthropic's first event tells that of the prompt."""
        return isinstance(self._holder.get("usage"), dict)

    def with_cost(self, rated_microtokens: int) -> bytes:
        """An event of `tells_usage` with the cost of the call beside its usage."""
        told = {**self._holder, "usage": with_cost(self._holder["usage"], rated_microtokens)}
        document = told if self._holder is self.document else {**self.document, "response": told}
        named = [line for line in self.content.splitlines() if line and not line.startswith(b"data:")]
        return b"\n".join([*named, b"data: " + to_json(document)]) + b"\n\n"

    @property
    def _holder(self) -> dict[str, Any]:
        """The object that may tell the usage: of the Responses API it is one level down."""
        response = self.document.get("response")
        return response if isinstance(response, dict) else self.document

    @property
    def text(self) -> str:
        """All that the model wrote in this event, whatever part of an answer it is."""
        return "".join(self._texts())

    @property
    def _choices(self) -> list[dict[str, Any]]:
        choices = self.document.get("choices")
        return [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []

    def _texts(self) -> Iterator[str]:
        for choice in self._choices:
            yield from texts(choice.get("delta"))
            yield from texts(choice.get("text"))
        if str(self.document.get("type", "")).endswith("delta"):
            yield from texts(self.document.get("delta"))


class EventCutter:
    """Cuts the bytes of a stream into events; what is not whole yet waits."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> Iterator[StreamEvent]:
        """Yield the events that `chunk` completes. Raises StreamTooLongError."""
        self._rest += chunk
        while (separator := _SEPARATOR.search(self._rest)) is not None:
            event = bytes(self._rest[: separator.end()])
            del self._rest[: separator.end()]
            yield StreamEvent(event)
        if len(self._rest) > EVENT_BYTES_MAX:
            raise StreamTooLongError(f"an event is longer than {EVENT_BYTES_MAX} bytes")

    def rest(self) -> Iterator[StreamEvent]:
        """Yield what came after the last separator, once the stream has ended."""
        if self._rest:
            yield StreamEvent(bytes(self._rest))
            self._rest.clear()
