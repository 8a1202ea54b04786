"""The ports of statements: what sealing and reading them need from outside systems."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from flareflow.metering.models import Usage
    from flareflow.metering.usage_events import UsageEvent
    from flareflow.statements.documents import Document
    from flareflow.statements.models import Statement


@dataclass(frozen=True, slots=True)
class OpenEpoch:
    """The epoch that usage is counted in now, and the closed epoch that is being sealed, if any."""

    epoch: int
    sealing: int | None


class EpochUsage(Protocol):
    """The usage of each epoch. No event is added to a closed epoch."""

    def open_epoch(self) -> OpenEpoch | None:
        """None before the first event was counted."""

    def close(self, epoch: int, next_epoch: int) -> None:
        """Count in `next_epoch` from now on, and store that `epoch` is being sealed.

        Raises RaceLostError when `epoch` is no longer the open one, or another epoch is being sealed.
        """

    def deltas(self, epoch: int) -> Mapping[int, Usage]:
        """The usage that the epoch added, by subscription id; complete once the epoch is closed."""

    def events(self, epoch: int, subscription_ids: Collection[int]) -> Mapping[int, Sequence[UsageEvent]]:
        """The events that add up to the deltas of these subscriptions, in no particular order."""

    def sealed(self, epoch: int) -> None:
        """Store that the closed epoch is sealed. May be repeated."""


class Statements(Protocol):
    """The sealed statements, each written once."""

    def get(self, epoch: int) -> Statement | None:
        """The statement of an epoch; None if there is none."""

    def before(self, epoch: int) -> Statement | None:
        """The newest statement of an earlier epoch; None if there is none."""

    def list(self, before: int | None, limit: int) -> Sequence[tuple[int, bytes]]:
        """(epoch, statement hash) of at most `limit` statements, newest first; of epochs before `before`, if given."""

    def after(self, epoch: int, limit: int) -> Sequence[int]:
        """The epochs after `epoch` that have a statement, oldest first, at most `limit`."""

    def put(self, statement: Statement) -> None:
        """Write a statement. The same one again changes nothing; raises BrokenRuleError when another is stored."""


class Documents(Protocol):
    """The public documents. The first text that is written under a path stays there for ever.

    Every method raises StorageUnavailableError.
    """

    def put(self, document: Document) -> str:
        """Write a document, unless its path has one; returns the text that is there now."""

    def put_all(self, documents: Sequence[Document]) -> None:
        """Write documents whose paths have the hashes of their texts, unless they are there already."""

    def get(self, path: str) -> str:
        """The text under a path."""

    def get_all(self, paths: Sequence[str]) -> Sequence[str]:
        """The texts under some paths, in their order."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What the contract has settled for a subscription, according to the events read so far.

    `needs_rate`: its bill is in dollars and becomes tokens only by a rate. `has_ended`: nothing is charged any more.
    `chargeable_from`: from when on a page charges what is owed, without new usage; None if nothing can be charged.
    """

    microtokens: int = 0
    needs_rate: bool = False
    has_ended: bool = False
    chargeable_from: datetime | None = None

    def allows(self, total_microtokens: int, now: datetime) -> bool:
        """Whether the contract can charge this cumulative total: there is more, or what was held back is due."""
        is_due = self.chargeable_from is not None and self.chargeable_from <= now
        return not self.has_ended and (is_due or total_microtokens > self.microtokens)


class SettledTotals(Protocol):
    """What the contract has settled."""

    def of(self, subscription_ids: Collection[int]) -> Mapping[int, Settled]:
        """What is settled of each of these subscriptions; one that no event has named has settled nothing."""

    def due(self, now: datetime) -> Mapping[int, int]:
        """The settled totals of subscriptions whose charge was held back and can be made now, by id.

        While there is no rate of dollars, those that need one are left out.
        """
