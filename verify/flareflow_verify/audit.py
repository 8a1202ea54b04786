"""A user's own log of calls against the calls that statements bill: billed and not in the log, billed otherwise, or
not billed.

A log is JSON lines, one for each answered call: the event id of the answer's header `x-flareflow-event-id`, and the
`usage` of the answer, as OpenAI and LiteLLM write it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from flareflow.metering.calls import Tokens
from flareflow_verify.amounts import counted, currency_of, money, rated
from flareflow_verify.bundle import Bill
from flareflow_verify.evidence import Evidence
from flareflow_verify.steps.events import numbers, read_event
from flareflow_verify.steps.flow import price_ufix64

LOG_BYTES_MAX: Final = 256 * 1024 * 1024
EVENT_ID_NAMES: Final = ("event_id", "x-flareflow-event-id")
HOLDERS: Final = ("response", "body", "headers", "response_headers")
"""Objects of a line in which logs keep the answer, its body and its headers."""
DEPTH_MAX: Final = 3


class LogError(ValueError):
    """A line of the log cannot be used; the message names it."""


class Kind(StrEnum):
    """How the bill deviates from the log."""

    EXTRA = "extra"
    """Billed, and not in the log."""
    DIFFERENT = "different"
    """Billed for other tokens than the log has."""
    MISSING = "missing"
    """In the log, and in none of these bills: it may be in a later one."""


@dataclass(frozen=True, slots=True)
class Logged:
    """A call as its user logged it."""

    event_id: str
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Billed:
    """A call as a statement bills it."""

    event_id: str
    model: str
    input_tokens: int
    output_tokens: int
    rated_microtokens: int


@dataclass(frozen=True, slots=True)
class Deviation:
    """One call whose bill is not what the log says; `microtokens` is how much it is about, in rated micro-tokens."""

    kind: Kind
    event_id: str
    said: str
    microtokens: int


def read_log(lines: Iterable[str]) -> Mapping[str, Logged]:
    """The calls of a log by event id; empty lines are left out. Raises LogError."""
    calls: dict[str, Logged] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            call = _logged(number, line)
            if calls.setdefault(call.event_id, call) != call:
                raise LogError(f"line {number}: call {call.event_id} stands in the log twice, with other tokens")
    return calls


def _logged(number: int, line: str) -> Logged:
    try:
        objects = list(_objects(json.loads(line), DEPTH_MAX))
        usage = next(one["usage"] for one in objects if isinstance(one.get("usage"), dict))
        event_id = next(one[name] for one in objects for name in EVENT_ID_NAMES if isinstance(one.get(name), str))
        tokens = usage["prompt_tokens"], usage.get("completion_tokens", 0)
    except (ValueError, RecursionError) as error:
        raise LogError(f"line {number} is no JSON: {str(error)[:100]}") from error
    except (StopIteration, KeyError) as error:
        raise LogError(f"line {number} has no event id (x-flareflow-event-id) or no usage") from error
    if not all(type(one) is int and one >= 0 for one in tokens):
        raise LogError(f"line {number}: numbers of tokens are whole and not below zero")
    return Logged(event_id, *tokens)


def _objects(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    """The object of a line, and those in it that may hold the answer or its headers."""
    if isinstance(value, dict) and depth > 0:
        yield value
        for holder in HOLDERS:
            yield from _objects(value.get(holder), depth - 1)


def billed(evidence: Sequence[Evidence]) -> Sequence[Billed]:
    """The calls of bills whose events were verified."""
    texts = [(one, text) for one in evidence for text in one.bundle.events or ()]
    events = [read_event(one, text) for one, text in texts]
    return [_billed(event) for event in events]


def _billed(event: Mapping[str, Any]) -> Billed:
    tokens = Tokens(**numbers(event["tokens"]))
    return Billed(event["event_id"], event["model"], tokens.input, tokens.output, int(event["rated_microtokens"]))


def deviations(log: Mapping[str, Logged], calls: Sequence[Billed]) -> Iterator[Deviation]:
    """Every call on which log and bills do not agree."""
    seen = set[str]()
    for call in calls:
        logged = log.get(call.event_id)
        told = f"{call.model}, {call.input_tokens:,} tokens in and {call.output_tokens:,} out"
        if call.event_id in seen:
            yield Deviation(Kind.EXTRA, call.event_id, f"billed once more: {told}", call.rated_microtokens)
        elif logged is None:
            yield Deviation(Kind.EXTRA, call.event_id, f"billed: {told}", call.rated_microtokens)
        elif (logged.input_tokens, logged.output_tokens) != (call.input_tokens, call.output_tokens):
            own = f"the log has {logged.input_tokens:,} in and {logged.output_tokens:,} out"
            yield Deviation(Kind.DIFFERENT, call.event_id, f"billed: {told}; {own}", call.rated_microtokens)
        seen.add(call.event_id)
    for logged in log.values():
        if logged.event_id not in seen:
            own = f"{logged.input_tokens:,} tokens in and {logged.output_tokens:,} out"
            yield Deviation(Kind.MISSING, logged.event_id, f"not billed: {own}", 0)


@dataclass(frozen=True, slots=True)
class Audit:
    """A log beside the calls of some bills; `bill` is the newest of them and prices what deviates."""

    log: Mapping[str, Logged]
    calls: Sequence[Billed]
    bill: Bill

    @property
    def found(self) -> Sequence[Deviation]:
        return list(deviations(self.log, self.calls))

    @property
    def is_against_the_user(self) -> bool:
        """Whether something was billed that the log does not have like this."""
        return any(one.kind is not Kind.MISSING for one in self.found)

    def lines(self) -> Iterator[str]:
        """A line for each deviation, with the money that it is about, and one that sums up."""
        found = self.found
        for one in found:
            yield f"{one.kind:<9} {one.event_id}  {one.said}{self._money(one)}"
        agreeing = len(self.calls) - sum(one.kind is not Kind.MISSING for one in found)
        of_log = counted(len(self.log), "call")
        yield f"{counted(len(self.calls), 'call')} billed, {agreeing} as in the log of {of_log}."

    def _money(self, one: Deviation) -> str:
        worth = money(worth_ufix64(one.microtokens, self.bill), currency_of(self.bill))
        return f", {rated(one.microtokens)}, {worth}" if one.microtokens else ""

    def as_json(self) -> str:
        """The deviations as one JSON object; money is in 1e-8 of the plan's currency."""
        found = [
            {
                "kind": one.kind,
                "event_id": one.event_id,
                "said": one.said,
                "rated_microtokens": str(one.microtokens),
                "worth_ufix64": str(worth_ufix64(one.microtokens, self.bill)),
            }
            for one in self.found
        ]
        return json.dumps({"billed": len(self.calls), "logged": len(self.log), "deviations": found}, indent=2)


def worth_ufix64(microtokens: int, bill: Bill) -> int:
    """What so much of the settled usage costs: what the bill would be lower by without it, in the plan's currency."""
    total = bill.settled_microtokens
    return price_ufix64(bill, total) - price_ufix64(bill, max(0, total - microtokens))
