"""What sealing and reading statements need from the world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from flareflow.metering.models import Usage
from flareflow.statements.models import Leaf, SettlementPage, StoredStatement


@dataclass(frozen=True, slots=True)
class OpenEpoch:
    """The epoch that counts now, and the one that is closed but has no statement yet."""

    epoch: int
    sealing: int | None


class EpochUsage(Protocol):
    """What each epoch added; a closed epoch gets no event any more."""

    def open_epoch(self) -> OpenEpoch | None:
        """None before anything was ever counted."""

    def close(self, epoch: int, next_epoch: int) -> None:
        """Count under `next_epoch` from now on, and note that `epoch` is being sealed.

        RaceLostError when `epoch` is not the open one any more, or another is being sealed.
        """

    def deltas(self, epoch: int) -> Mapping[int, Usage]:
        """What the epoch added, by subscription; complete and final once it is closed."""

    def sealed(self, epoch: int) -> None:
        """Note that nothing is left to do for the closed epoch; again is fine."""


class Statements(Protocol):
    """The sealed statements; written once."""

    def get(self, epoch: int) -> StoredStatement | None:
        """An epoch's statement."""

    def before(self, epoch: int) -> StoredStatement | None:
        """The last statement of an earlier epoch."""

    def list(self, before: int | None, limit: int) -> Sequence[tuple[int, bytes]]:
        """(epoch, statement hash) of up to `limit` statements, newest first, of epochs before `before`."""

    def put(self, sealed: StoredStatement) -> None:
        """Write it once; the same again is fine, BrokenRuleError when another is there."""


class Documents(Protocol):
    """What a statement commits to by its roots, kept under them, so that what is written never changes."""

    def put_leaves(self, epoch: int, usage_root: bytes, leaves: Sequence[Leaf]) -> None:
        """Keep all leaves of an epoch."""

    def leaves(self, epoch: int, usage_root: bytes) -> Sequence[Leaf]:
        """All leaves of an epoch, by subscription id; StorageUnavailableError when they cannot be had."""

    def put_page(self, settlement_root: bytes, page: SettlementPage) -> None:
        """Keep one page."""

    def page(self, epoch: int, settlement_root: bytes, number: int) -> SettlementPage:
        """One page; StorageUnavailableError when it cannot be had."""


class SettledTotals(Protocol):
    """What the contract has settled, as far as its events were read."""

    def all(self) -> Mapping[int, int]:
        """Settled rated micro-tokens by subscription id; a subscription never settled is left out."""
