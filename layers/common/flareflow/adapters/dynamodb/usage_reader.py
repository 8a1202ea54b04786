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

_PLACE: Final = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class UsageReader(LiveTotalsReader):
    """`accounts.ports.MeteredUsage` over UsageTable."""

    def events(self, subscription_id: int, epoch: int, cursor: str | None) -> CursorPage[UsageEvent]:
        """A page has events of one pack; a cursor is the number of the pack and of the event in it, `2.100`."""
        pack, first = _place(cursor)
        packs = self._packs(subscription_id, epoch)
        if pack >= len(packs):
            return CursorPage([], None)
        events = self._events(packs[pack], subscription_id)
        if first + EVENTS_LISTED_MAX < len(events):
            next_cursor: str | None = f"{pack}.{first + EVENTS_LISTED_MAX}"
        else:
            next_cursor = f"{pack + 1}.0" if pack + 1 < len(packs) else None
        return CursorPage(events[first : first + EVENTS_LISTED_MAX], next_cursor)

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
