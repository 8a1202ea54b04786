"""The calls of one subscription as its owner sees them, from UsageTable."""

import re
from dataclasses import dataclass
from typing import Final

from flareflow.accounts.models import CursorPage
from flareflow.adapters.dynamodb.batches import query_pages
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.keys import Item
from flareflow.adapters.dynamodb.live_totals import LiveTotalsReader
from flareflow.adapters.dynamodb.usage_items import entries_of, names_between, pack_key, shard_of
from flareflow.errors import InvalidRequestError
from flareflow.metering.usage_events import UsageEvent

EVENTS_LISTED_MAX: Final = 100
PACKS_READ_MAX: Final = 50

_PLACE: Final = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class UsageReader(LiveTotalsReader):
    """`accounts.ports.MeteredUsage` over UsageTable."""

    def events(self, subscription_id: int, epoch: int, cursor: str | None) -> CursorPage[UsageEvent]:
        """At most `EVENTS_LISTED_MAX` events, of at most `PACKS_READ_MAX` packs.

        A cursor is the number of a pack and of the event in it, `2.100`.
        """
        pack, first = _place(cursor)
        keys = self._packs(subscription_id, epoch)
        found: list[UsageEvent] = []
        for key in keys[pack : pack + PACKS_READ_MAX]:
            events, end = self._events(key, subscription_id), first + EVENTS_LISTED_MAX - len(found)
            found += events[first:end]
            if end < len(events):
                return CursorPage(found, f"{pack}.{end}")
            pack, first = pack + 1, 0
        return CursorPage(found, f"{pack}.0" if pack < len(keys) else None)

    def _packs(self, subscription_id: int, epoch: int) -> list[Item]:
        """The keys of the packs of an epoch, in the order in which they were counted."""
        names = names_between(epoch, shard_of(subscription_id), subscription_id, subscription_id)
        pages = query_pages(self.table, names, "list the packs of an epoch")
        return [pack_key(name) for page in pages for name in page]

    def _events(self, key: Item, subscription_id: int) -> list[UsageEvent]:
        """The events of a pack; none where it does not exist, because its name is that of a lost race."""
        with translating("read usage events"):
            item = self.table.get_item(Key=key, ConsistentRead=True).get("Item")
        entries = entries_of(item) if item else ()
        return [entry.event(subscription_id) for entry in entries if entry.is_billed]


def _place(cursor: str | None) -> tuple[int, int]:
    if cursor is None:
        return 0, 0
    if not _PLACE.fullmatch(cursor):
        raise InvalidRequestError("invalid_cursor", "Send next_cursor as it was given.")
    pack, _, first = cursor.partition(".")
    return int(pack), int(first)
