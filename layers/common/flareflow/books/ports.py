"""The ports of the books: what was stored, and the sources that it should follow from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from flareflow.books.rebuilt import Record
    from flareflow.metering.cases import Case
    from flareflow.metering.models import LiveTotals, Usage
    from flareflow.statements.ports import OpenEpoch


class StoredLedger(Protocol):
    """The ledger's table. Every method raises StorageUnavailableError."""

    def read_to(self) -> int | None:
        """The last block whose events are all in the journal; None before the first."""

    def records(self) -> Iterator[Record]:
        """All entries and everything that `RebuiltLedger.records` has, in no order, read page by page.

        An item that cannot be read is an `UnreadableItem`.
        """


class SealedUsage(Protocol):
    """What the statements' public documents say.

    Raises BrokenRuleError or ValueError where they do not lead to their roots.
    """

    def epochs_after(self, epoch: int, limit: int) -> Sequence[int]:
        """The epochs after `epoch` that have a statement, oldest first, at most `limit`."""

    def totals(self, epoch: int) -> Mapping[int, Usage]:
        """The cumulative usage of each subscription that used something in the epoch."""

    def is_attested(self, epoch: int) -> bool:
        """Whether Flare has attested the statement, as far as it was seen."""


class MeteredUsage(Protocol):
    """What metering has stored."""

    def open_epoch(self) -> OpenEpoch | None:
        """None before the first event was counted."""

    def deltas(self, epoch: int) -> Mapping[int, Usage]:
        """What an epoch added, by subscription id."""

    def live(self, subscription_id: int) -> LiveTotals:
        """A subscription's usage so far. Raises ValueError where it cannot be read."""


class AllCases(Protocol):
    """What waits for a person, and what was decided."""

    def open_cases(self, after: str | None, limit: int) -> Sequence[Case]:
        """Open cases in the order of their ids, at most `limit`, of those after the id `after`."""

    def decided_cases(self, after: str | None, limit: int) -> Sequence[Case]:
        """Decided cases, in the same way."""
