"""The ports of statements: what sealing and reading them need from outside systems."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Protocol

from flareflow.metering.models import Usage
from flareflow.statements.models import Leaf, SettlementPage, StoredStatement


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

    def sealed(self, epoch: int) -> None:
        """Store that the closed epoch is sealed. May be repeated."""


class Statements(Protocol):
    """The sealed statements, each written once."""

    def get(self, epoch: int) -> StoredStatement | None:
        """The statement of an epoch; None if there is none."""

    def before(self, epoch: int) -> StoredStatement | None:
        """The newest statement of an earlier epoch; None if there is none."""

    def list(self, before: int | None, limit: int) -> Sequence[tuple[int, bytes]]:
        """(epoch, statement hash) of at most `limit` statements, newest first; of epochs before `before`, if given."""

    def after(self, epoch: int, limit: int) -> Sequence[int]:
        """The epochs after `epoch` that have a statement, oldest first, at most `limit`."""

    def put(self, sealed: StoredStatement) -> None:
        """Write a statement. The same one again changes nothing; raises BrokenRuleError when another is stored."""


class Documents(Protocol):
    """Leaves and pages, stored under the root that commits to them, so that they never change.

    Every method raises StorageUnavailableError.
    """

    def put_leaves(self, epoch: int, usage_root: bytes, leaves: Sequence[Leaf]) -> None:
        """Store all leaves of an epoch."""

    def leaves(self, epoch: int, usage_root: bytes) -> Sequence[Leaf]:
        """All leaves of an epoch, by rising subscription id."""

    def put_page(self, settlement_root: bytes, page: SettlementPage) -> None:
        """Store one page."""

    def page(self, epoch: int, settlement_root: bytes, number: int) -> SettlementPage:
        """One page by its number from 0."""


class SettledTotals(Protocol):
    """What the contract has settled, according to the events read so far."""

    def all(self) -> Mapping[int, int]:
        """Settled rated micro-tokens by subscription id; a subscription never settled is left out."""

    def needing_rate(self) -> Set[int]:
        """The subscriptions whose bill is in dollars and becomes tokens only by a rate."""
