"""The single calls, of which only the owner has the texts: all of an epoch, or one with its path."""

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from flareflow.merkle import fold
from flareflow.metering.calls import TOKEN_KINDS, Tokens, Units
from flareflow.metering.models import NO_USAGE, USAGE_FIELDS, Usage
from flareflow.metering.price_book import PriceBook, Used
from flareflow.statements.events import EVENT_VERSION, event_hash, events_tree
from flareflow_verify.amounts import counted, rated
from flareflow_verify.evidence import DifferenceError, Evidence, Link, MissingError, parsing

FIELDS: Final = (
    "version",
    "subscription_id",
    "event_id",
    "key_hash",
    "call_type",
    "model",
    "base_model",
    "tokens",
    "units",
    "rated_microtokens",
    "cost_nanousd",
    "price_book_hash",
    "started_at",
    "ended_at",
)
"""Of an event, in their order. All are text, but for these:"""
AMOUNTS: Final[Mapping[str, Collection[str]]] = {"tokens": TOKEN_KINDS, "units": ("images", "milliseconds")}
"""Amounts by kind."""
COMPARED_MAX: Final = 1_000_000
"""Models of calls by patterns of the price book."""
NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,77}", re.ASCII)


def check_events(evidence: Evidence) -> str | None:
    """The events are all of the subscription's in this epoch, each once, and add up. Left out if not known."""
    texts = evidence.bundle.events
    if texts is None:
        return None
    used = evidence.totals
    if used is None or used.epoch != evidence.statement.epoch:
        if texts:
            raise DifferenceError(Link.EVENTS, f"the statement says that nothing was used, not {len(texts)} calls")
        return "no call in this epoch"
    with parsing(Link.EVENTS, "an event"):
        root = events_tree(texts).root
        events = [read_event(evidence, text) for text in texts]
        added = Usage.sum(map(_usage_of, events)) if events else NO_USAGE
    if root != used.events_root:
        raise DifferenceError(Link.EVENTS, f"{len(events)} events lead to the root {root.hex()}, not to the page's")
    _require_once(events)
    grown = used.usage - (evidence.totals_before.usage if evidence.totals_before else NO_USAGE)
    for name in USAGE_FIELDS:
        told, wanted = getattr(grown, name), getattr(added, name)
        if told != wanted:
            raise DifferenceError(Link.EVENTS, f"{name} add up to {wanted}, and the page says {told}")
    return f"the leaves of {counted(len(events), 'call')} lead to the events root, and add up to the page's totals"


def _require_once(events: Sequence[Mapping[str, Any]]) -> None:
    event_id, times = Counter(event["event_id"] for event in events).most_common(1)[0] if events else ("", 0)
    if times > 1:
        raise DifferenceError(Link.EVENTS, f"event {event_id} is billed {times} times")


def check_event(evidence: Evidence) -> str | None:
    """One event leads to the page's events root. Left out if none was asked for."""
    proven = evidence.bundle.event
    if proven is None:
        return None
    with parsing(Link.EVENT, "the event"):
        event = read_event(evidence, proven.text)
        leaf, usage = event_hash(proven.text), _usage_of(event)
    used = evidence.totals
    if used is None or used.epoch != evidence.statement.epoch:
        raise DifferenceError(Link.EVENT, "the statement says that nothing was used in this epoch")
    if fold(leaf, proven.siblings) != used.events_root:
        raise DifferenceError(Link.EVENT, f"event {event['event_id']} does not lead to the page's events root")
    weight = f"{usage.tokens:,} tokens, {rated(usage.rated_microtokens)}"
    siblings = counted(len(proven.siblings), "sibling")
    return f"{event['event_id']} of {event['model']}, {weight}: it leads to the events root with {siblings}"


def check_rating(evidence: Evidence) -> str | None:
    """Each event weighs what the price book says. Left out when no event is known."""
    texts = _known(evidence)
    if texts is None:
        return None
    book, hash_text = evidence.price_book, f"0x{evidence.statement.price_book_hash.hex()}"
    with parsing(Link.RATING, "an event"):
        events = [read_event(evidence, text) for text in texts]
        _require_few_names(events, book)
        for event in events:
            if event["price_book_hash"] != hash_text:
                raise DifferenceError(
                    Link.RATING,
                    f"event {event['event_id']} was rated by the book {event['price_book_hash']}, and the statement "
                    f"names {hash_text}",
                )
            used = Used(Tokens(**numbers(event["tokens"])), Units(**numbers(event["units"])), _cost(event))
            weighs = book.price(event["model"], event["base_model"]).rate(used)
            if weighs != _number(event["rated_microtokens"]):
                raise DifferenceError(
                    Link.RATING,
                    f"event {event['event_id']} weighs {weighs}, not {event['rated_microtokens']} micro-tokens",
                )
    return f"{counted(len(texts), 'call')} rated anew by the price book, to the same weight"


def _require_few_names(events: Sequence[Mapping[str, Any]], book: PriceBook) -> None:
    """Raise MissingError where an operator has named so many models and patterns that a check would take hours."""
    names = len({(event["model"], event["base_model"]) for event in events})
    if names * len(book.patterns) > COMPARED_MAX:
        raise MissingError(f"{names:,} models would be compared with {len(book.patterns):,} patterns of the price book")


def _known(evidence: Evidence) -> Sequence[str] | None:
    if evidence.bundle.events is not None:
        return evidence.bundle.events
    return None if evidence.bundle.event is None else (evidence.bundle.event.text,)


def read_event(evidence: Evidence, text: str) -> Mapping[str, Any]:
    """The event of a text. Raises ValueError for another form, and for one of another subscription."""
    event = json.loads(text)
    if not isinstance(event, dict) or event.get("version") != EVENT_VERSION:
        raise ValueError(f"not an event of version {EVENT_VERSION}")
    _require_fields(event)
    if json.dumps(event, separators=(",", ":")) != text:
        raise ValueError(f"event {event['event_id']} is not in the one form of an event")
    if event["subscription_id"] != str(evidence.bundle.subscription_id):
        raise ValueError(f"event {event['event_id']} is of subscription {event['subscription_id']}")
    return event


def _require_fields(event: Mapping[str, Any]) -> None:
    """Raise ValueError unless the event has the fields of its version, each of its kind."""
    if tuple(event) != FIELDS:
        raise ValueError(f"an event has other fields, or another order, than {', '.join(FIELDS)}")
    texts = [event[name] for name in FIELDS if name not in AMOUNTS and (name, event[name]) != ("base_model", None)]
    if not all(isinstance(one, str) for one in texts):
        raise ValueError("an event has texts, and amounts as text")
    for name, kinds in AMOUNTS.items():
        if not isinstance(event[name], dict) or not set(event[name]) <= set(kinds):
            raise ValueError(f"the {name} of an event are amounts by kind: {', '.join(kinds)}")
        numbers(event[name])


def _usage_of(event: Mapping[str, Any]) -> Usage:
    """What an event adds."""
    by_kind = {f"{kind}_tokens": amount for kind, amount in numbers(event["tokens"]).items()}
    rated_microtokens = _number(event["rated_microtokens"])
    return Usage(**by_kind, requests=1, rated_microtokens=rated_microtokens, cost_nanousd=_cost(event))


def _cost(event: Mapping[str, Any]) -> int:
    return _number(event["cost_nanousd"])


def numbers(amounts: Mapping[str, str]) -> Mapping[str, int]:
    """Amounts by name. Raises ValueError or TypeError for what is no amount."""
    return {kind: _number(amount) for kind, amount in amounts.items()}


def _number(text: str) -> int:
    """A decimal number that is not negative. Raises ValueError, or TypeError for what is no text."""
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{text[:20]!r} is no amount")
    return int(text)
