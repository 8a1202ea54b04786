"""What of a subscription's usage is sealed and attested now, from the public documents."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Final, Protocol

from flareflow.attestation.models import Attestation, Proof
from flareflow.realtime.payloads import UsageAttested, UsageSealed
from flareflow.statements.models import Statement
from flareflow.statements.ports import Documents
from flareflow.statements.reading import read_totals_of
from flareflow.statements.usage_pages import Totals

EPOCHS_MAX: Final = 100
"""The newest statements, among which an attested one is looked for: those of eight hours at least."""
EPOCHS_AT_ONCE: Final = 10


class Statements(Protocol):
    """The sealed statements."""

    def get(self, epoch: int) -> Statement | None: ...

    def newest(self) -> Statement | None: ...

    def list(self, before: int | None, limit: int) -> Sequence[tuple[int, bytes]]:
        """Epochs and hashes of statements, the newest first."""


class Attestations(Protocol):
    """The attestations that were begun."""

    def of(self, epochs: Collection[int]) -> Mapping[int, Attestation]: ...


@dataclass(frozen=True, slots=True)
class LiveEpochs:
    """Tells what the newest messages about epochs would have told. Raises StorageUnavailableError."""

    statements: Statements
    attestations: Attestations
    documents: Documents

    def sealed(self, subscription_id: int) -> UsageSealed | None:
        """Of the newest statement with new usage of the subscription."""
        newest = self.statements.newest()
        found = newest and self._totals(newest, subscription_id)
        statement = found and self.statements.get(found.epoch)
        if not found or not statement:
            return None
        return UsageSealed(found.epoch, found.usage.rated_microtokens, statement.hash)

    def attested(self, subscription_id: int) -> UsageAttested | None:
        """Of the newest statement that is attested, if the subscription has usage in it."""
        for epoch, proof in self._attested():
            statement = self.statements.get(epoch)
            found = statement and self._totals(statement, subscription_id)
            return UsageAttested(epoch, found.usage.rated_microtokens, proof.voting_round) if found else None
        return None

    def _attested(self) -> Iterator[tuple[int, Proof]]:
        """Epochs with a proof, the newest first."""
        for epochs in batched(
            (epoch for epoch, _ in self.statements.list(None, EPOCHS_MAX)), EPOCHS_AT_ONCE, strict=False
        ):
            known = self.attestations.of(epochs)
            for epoch in epochs:
                if epoch in known and (proof := known[epoch].proof) is not None:
                    yield epoch, proof

    def _totals(self, statement: Statement, subscription_id: int) -> Totals | None:
        return next(read_totals_of(self.documents, statement, {subscription_id}), None)
