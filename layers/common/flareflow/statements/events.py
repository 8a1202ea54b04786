"""A single call in a statement: the leaf of an event, the root over a subscription's events, and the proof of one.

A leaf is the hash of a hash, so the text behind it is never 64 bytes that could be taken for two nodes.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from flareflow.json_format import timestamp
from flareflow.keccak import keccak256
from flareflow.merkle import fold
from flareflow.metering.calls import Tokens, Units
from flareflow.metering.usage_events import UsageEvent
from flareflow.statements.indexes import PageIndex
from flareflow.statements.merkle import OrderedTree
from flareflow.statements.models import Statement
from flareflow.statements.usage_pages import Totals, UsagePage, page_of

EVENT_VERSION: Final = "flareflow-event/1"


def event_text(event: UsageEvent) -> str:
    """The canonical JSON of an event: ASCII, no spaces, numbers as decimal strings; amounts of a kind that are 0 are
    left out. The key's hash is that of a random secret, so nobody can guess an event from its leaf."""
    values = {
        "version": EVENT_VERSION,
        "subscription_id": str(event.subscription_id),
        "event_id": event.event_id,
        "key_hash": event.key_hash,
        "call_type": event.call_type,
        "model": event.model,
        "base_model": event.base_model,
        "tokens": _amounts(event.tokens),
        "units": _amounts(event.units),
        "rated_microtokens": str(event.rated_microtokens),
        "cost_nanousd": str(event.cost_nanousd),
        "price_book_hash": f"0x{event.price_book_hash.hex()}",
        "started_at": timestamp(event.started_at),
        "ended_at": timestamp(event.ended_at),
    }
    return json.dumps(values, separators=(",", ":"))


def _amounts(kinds: Tokens | Units) -> Mapping[str, str]:
    """What is not 0, by name."""
    return {one.name: str(amount) for one in fields(kinds) if (amount := getattr(kinds, one.name))}


def event_hash(text: str) -> bytes:
    """The leaf of an event."""
    return keccak256(keccak256(text.encode("ascii")))


def events_tree(texts: Iterable[str]) -> OrderedTree:
    """The tree whose root is a subscription's `events_root`: over the leaves in rising order."""
    return OrderedTree.over(sorted(map(event_hash, texts)))


@dataclass(frozen=True, slots=True)
class EventProof:
    """Shows that a statement contains an event: siblings from the event to its `events_root`, the page that has this
    root, and siblings from the page to the statement's `usage_root`."""

    event: str
    event_path: tuple[bytes, ...]
    page: str
    page_path: tuple[bytes, ...]

    @classmethod
    def of(cls, event: str, events: Sequence[str], page: UsagePage, index: PageIndex) -> Self:
        """The proof of one of the `events` that a subscription has in an epoch. Raises ValueError if it is none."""
        tree = events_tree(events)
        position = tree.levels[0].index(event_hash(event))
        return cls(event, tree.path(position), page.text, index.path(page.number))

    def check(self, statement: Statement) -> Totals:
        """The totals that contain the event. Raises ValueError unless the statement commits to them and to it."""
        page = UsagePage.parse(self.page)
        if fold(page.hash, self.page_path) != statement.usage_root:
            raise ValueError(f"the page does not lead to the usage root of epoch {statement.epoch}")
        content: Mapping[str, Any] = json.loads(self.event)
        subscription_id = int(content["subscription_id"])
        totals = page.totals.get(subscription_id)
        if page.number != page_of(subscription_id) or totals is None:
            raise ValueError(f"the page has no subscription {subscription_id}")
        if fold(event_hash(self.event), self.event_path) != totals.events_root:
            raise ValueError(f"the event does not lead to the events root of subscription {subscription_id}")
        return totals
