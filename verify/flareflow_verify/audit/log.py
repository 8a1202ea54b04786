"""A user's own log of calls, as programs write it.

A line is a receipt as it came (`eyJ…`, or the comment of a stream), or JSON with the event id (`x-flareflow-event-id`)
or the receipt (`x-flareflow-receipt`) of an answer, and its `usage`. Bodies and headers of answers are found where
loggers of OpenAI's and LiteLLM's clients put them. JSON may also be an array, or an object whose `data` is one.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from flareflow_verify.audit.receipts import SignedReceipt

LITELLM_PREFIX: Final = "llm_provider-"
"""What LiteLLM writes before the names of a provider's headers."""
EVENT_ID_NAMES: Final = ("event_id", "x-flareflow-event-id", f"{LITELLM_PREFIX}x-flareflow-event-id")
SPEND_LOG_NAMES: Final = ("litellm_call_id",)
"""The event id in an export of the proxy's own spend log; a client's LiteLLM has an id of its own there."""
RECEIPT_NAMES: Final = ("receipt", "x-flareflow-receipt", f"{LITELLM_PREFIX}x-flareflow-receipt")
COMMENT: Final = ": x-flareflow-receipt "
"""What stands before the receipt in a stream."""
HOLDERS: Final = ("response", "body", "headers", "response_headers", "hidden_params", "additional_headers")
"""Objects of a line in which logs keep the answer, its body and its headers."""
DEPTH_MAX: Final = 4
INPUT_NAMES: Final = ("prompt_tokens", "input_tokens")
OUTPUT_NAMES: Final = ("completion_tokens", "output_tokens")
CACHE_NAMES: Final = ("cache_read_input_tokens", "cache_creation_input_tokens")
"""Anthropic tells the tokens of its cache beside those that it calls input."""


class LogError(ValueError):
    """A line of the log cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What went in and came out of a call, as its answer told."""

    input: int
    output: int


@dataclass(frozen=True, slots=True)
class Logged:
    """A call as its user logged it: what the answer told, the receipts, or both."""

    event_id: str
    tokens: Tokens | None = None
    receipts: tuple[SignedReceipt, ...] = ()

    def and_also(self, other: "Logged") -> "Logged":
        """Both lines together. Raises ValueError when they tell other tokens."""
        if self.tokens and other.tokens and self.tokens != other.tokens:
            raise ValueError(f"call {self.event_id} stands in the log twice, with other tokens")
        known = {one.text for one in self.receipts}
        new = tuple(one for one in other.receipts if one.text not in known)
        return replace(self, tokens=self.tokens or other.tokens, receipts=self.receipts + new)


type Log = Mapping[str, Logged]
"""Calls by event id."""


def read_log(lines: Iterable[str]) -> Log:
    """The calls of a log by event id; empty lines are left out. Raises LogError."""
    calls: dict[str, Logged] = {}
    for number, line in enumerate(lines, start=1):
        try:
            for call in _calls(line.strip()):
                known = calls.get(call.event_id)
                calls[call.event_id] = known.and_also(call) if known else call
        except RecursionError as error:
            raise LogError(f"line {number} is no JSON: it is too deep") from error
        except ValueError as error:
            raise LogError(f"line {number}: {str(error)[:200]}") from error
    return calls


def began_first(log: Log) -> datetime | None:
    """When the first call of which there is a receipt began; None without receipts."""
    return min((one.receipt.started_at for call in log.values() for one in call.receipts), default=None)


def _calls(line: str) -> Iterator[Logged]:
    """The calls of a line. Raises ValueError, or RecursionError for JSON that is too deep."""
    line = line.removeprefix(COMMENT)
    if line.startswith("eyJ"):
        signed = SignedReceipt.parse(line)
        yield Logged(signed.receipt.event_id, receipts=(signed,))
    elif line:
        yield from map(call_of, entries_of(json.loads(line)))


def entries_of(content: Any) -> Sequence[Any]:
    """What a line tells of calls: the items of an array, or of an object whose `data` is one; or itself."""
    listed = content.get("data") if isinstance(content, dict) else content
    return listed if isinstance(listed, list) and listed else [content]


def call_of(entry: Any) -> Logged:
    """The call that JSON tells of. Raises ValueError for what has no event id, or neither usage nor receipt."""
    objects = objects_of(entry)
    receipts = tuple(map(SignedReceipt.parse, _texts(objects, RECEIPT_NAMES)))
    ids = {*_texts(objects, EVENT_ID_NAMES), *(one.receipt.event_id for one in receipts)}
    ids = ids or set(_texts(objects, SPEND_LOG_NAMES))
    if not ids:
        raise ValueError("no event id (x-flareflow-event-id) and no receipt (x-flareflow-receipt)")
    if len(ids) > 1:
        raise ValueError(f"the receipt is that of another call: {', '.join(sorted(ids))}")
    tokens = _tokens(objects)
    if tokens is None and not receipts:
        raise ValueError("no usage and no receipt")
    return Logged(ids.pop(), tokens, receipts)


def objects_of(entry: Any) -> Sequence[Mapping[str, Any]]:
    """The object of an entry, and those in it that may hold the answer or its headers."""
    return list(_objects(entry, DEPTH_MAX))


def _objects(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict) and depth > 0:
        yield value
        for holder in HOLDERS:
            yield from _objects(value.get(holder), depth - 1)


def _texts(objects: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Sequence[str]:
    """The texts that stand under one of these names, each once. Names of headers have capitals or not."""
    found = (text for one in objects for name, text in one.items() if name.lower() in names and isinstance(text, str))
    return list(dict.fromkeys(found))


def _tokens(objects: Sequence[Mapping[str, Any]]) -> Tokens | None:
    """The tokens that the answer told; None if it told none. Raises ValueError for what are no numbers of tokens."""
    usages = [one["usage"] for one in objects if isinstance(one.get("usage"), dict)]
    for usage in [*usages, *objects]:
        into = [usage[name] for name in INPUT_NAMES if name in usage]
        if into:
            out = next((usage[name] for name in OUTPUT_NAMES if name in usage), 0)
            cached = [
                usage[name] for name in CACHE_NAMES if "prompt_tokens" not in usage and usage.get(name) is not None
            ]
            numbers = [into[0], out, *cached]
            if not all(type(one) is int and one >= 0 for one in numbers):
                raise ValueError("numbers of tokens are whole and not below zero")
            return Tokens(into[0] + sum(cached), out)
    return None
