"""Each epoch's way for the public: from its statement through Flare to the charge on Flow, and what takes longer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from flareflow.attestation.models import Attestation, State
from flareflow.errors import NotFoundError
from flareflow.settlement.ports import Outbox
from flareflow.settlement.transactions import DeliverStatement
from flareflow.statements.ports import Statements
from flareflow.time import Clock, Epochs

LISTED_MAX: Final = 20
REASON_CHARACTERS_MAX: Final = 300
STATEMENT_DIGITS: Final = 10


class Attestations(Protocol):
    """The stored attestations."""

    def of(self, epochs: Collection[int]) -> Mapping[int, Attestation]:
        """Those of these epochs that were begun. Raises StorageUnavailableError."""


@dataclass(frozen=True, slots=True)
class Explorers:
    """What the addresses of statements begin with, and the explorers' own; empty where there is no explorer."""

    statement_prefix: str
    flare_explorer: str
    flow_explorer: str

    def statement(self, epoch: int) -> str:
        return f"{self.statement_prefix}{epoch:0{STATEMENT_DIGITS}}"

    def flare(self, transaction: bytes | None) -> str | None:
        return _link(self.flare_explorer, None if transaction is None else f"0x{transaction.hex()}")

    def flow(self, transaction: str | None) -> str | None:
        return _link(self.flow_explorer, transaction)


def _link(explorer: str, transaction: str | None) -> str | None:
    """Flowscan and Blockscout have transactions under the same path."""
    return f"{explorer}/tx/{transaction}" if explorer and transaction else None


@dataclass(frozen=True, slots=True)
class Links:
    """Where to look: the statement, and the transactions that request, finalize and deliver it; None where missing."""

    statement: str
    request: str | None
    finalization: str | None
    delivery: str | None


@dataclass(frozen=True, slots=True)
class EpochView:
    """One epoch. `lag_seconds`: how long ago it ended, if it is not settled or skipped yet; None if it is.

    `reasons`: what went wrong or takes longer, the newest last.
    """

    epoch: int
    starts_at: datetime
    ends_at: datetime
    statement_hash: bytes
    state: State
    reasons: Sequence[str]
    lag_seconds: int | None
    links: Links


@dataclass(frozen=True, slots=True)
class EpochList:
    """Epochs with a statement, newest first. `next_cursor` is the `before` of the next list; None at the end."""

    items: Sequence[EpochView]
    next_cursor: int | None


@dataclass(frozen=True, slots=True)
class ReadEpochs:
    """Read how far epochs are."""

    statements: Statements
    attestations: Attestations
    outbox: Outbox
    explorers: Explorers
    epochs: Epochs
    clock: Clock

    def newest_first(self, before: int | None) -> EpochList:
        """At most LISTED_MAX epochs; only those before `before`, if given. Their deliveries are not looked up."""
        listed = self.statements.list(before, LISTED_MAX)
        begun = self.attestations.of([epoch for epoch, _ in listed])
        items = [self._view(epoch, digest, begun.get(epoch), None) for epoch, digest in listed]
        return EpochList(items, items[-1].epoch if len(items) == LISTED_MAX else None)

    def one(self, epoch: int) -> EpochView:
        """Raises NotFoundError `statement_not_found`."""
        statement = self.statements.get(epoch)
        if statement is None:
            raise NotFoundError("statement_not_found", f"Epoch {epoch} has no statement.")
        begun = self.attestations.of([epoch]).get(epoch)
        sent = self.outbox.get(DeliverStatement(begun).purpose) if begun else None
        return self._view(epoch, statement.hash, begun, sent.transaction.id if sent else None)

    def _view(self, epoch: int, digest: bytes, begun: Attestation | None, delivery: str | None) -> EpochView:
        state, ends_at = begun.state if begun else State.SEALED, self.epochs.end(epoch)
        submission, finalization = (begun.submission, begun.finalization) if begun else (None, None)
        return EpochView(
            epoch=epoch,
            starts_at=self.epochs.start(epoch),
            ends_at=ends_at,
            statement_hash=digest,
            state=state,
            reasons=[reason[:REASON_CHARACTERS_MAX] for reason in (begun.reasons if begun else ())],
            lag_seconds=None if state.is_final else max(0, int((self.clock() - ends_at).total_seconds())),
            links=Links(
                statement=self.explorers.statement(epoch),
                request=self.explorers.flare(submission.transaction_hash if submission else None),
                finalization=self.explorers.flare(finalization.transaction_hash if finalization else None),
                delivery=self.explorers.flow(delivery),
            ),
        )
