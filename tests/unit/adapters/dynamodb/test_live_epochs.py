"""What a snapshot tells of sealed and attested usage: the same as the newest messages about epochs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pytest

from flareflow.adapters.dynamodb.live_epochs import EPOCHS_AT_ONCE, EPOCHS_MAX, LiveEpochs
from flareflow.attestation.models import Attestation, Proof, State
from flareflow.realtime.payloads import UsageAttested, UsageSealed
from flareflow.statements.models import Statement
from tests.unit.statements.sealing import Sealing


@dataclass
class Proven:
    """`Attestations`: the voting rounds of epochs that are attested; others were requested."""

    rounds: dict[int, int] = field(default_factory=dict)

    def of(self, epochs: Collection[int]) -> Mapping[int, Attestation]:
        return {epoch: self._of(epoch) for epoch in epochs}

    def _of(self, epoch: int) -> Attestation:
        voting_round = self.rounds.get(epoch)
        if voting_round is None:
            return Attestation(epoch, (), State.REQUESTED)
        return Attestation(epoch, (), State.PROVEN, proof=Proof(voting_round, 0, ()))


@dataclass
class Told:
    """Statements as sealing makes them, and which of them are attested."""

    sealing: Sealing = field(default_factory=Sealing)
    proven: Proven = field(default_factory=Proven)

    def __post_init__(self) -> None:
        self.epochs = LiveEpochs(self.sealing.statements, self.proven, self.sealing.documents)

    def sealed(self, subscription_id: int, tokens: int) -> Statement:
        """The statement of an epoch in which a subscription used so many tokens."""
        self.sealing.count(subscription_id, tokens)
        return self.sealing.seal()


@pytest.fixture
def told() -> Told:
    return Told()


def test_nothing_is_told_before_there_is_usage_in_a_statement(told: Told) -> None:
    assert (told.epochs.sealed(1), told.epochs.attested(1)) == (None, None)
    told.proven.rounds[told.sealed(2, 5).epoch] = 123
    assert (told.epochs.sealed(1), told.epochs.attested(1)) == (None, None)


def test_sealed_is_what_the_newest_statement_has_by_the_epoch_of_the_last_usage(told: Told) -> None:
    # Given a subscription that was used in one epoch, and not in the next
    told.sealed(1, 10)
    second = told.sealed(1, 3)
    third = told.sealed(2, 5)
    # Then its last message about sealed usage is of its own epoch, that of the other of the newest
    assert told.epochs.sealed(1) == UsageSealed(second.epoch, 13_000_000, second.hash)
    assert told.epochs.sealed(2) == UsageSealed(third.epoch, 5_000_000, third.hash)


def test_attested_is_all_usage_in_the_newest_statement_with_a_proof(told: Told) -> None:
    # Given three statements, of which the second is the newest that is attested
    first, second, _ = told.sealed(1, 10), told.sealed(2, 5), told.sealed(1, 7)
    assert told.epochs.attested(1) is None
    told.proven.rounds |= {first.epoch: 122, second.epoch: 123}
    # Then what was used before it is attested, and what was used later is not
    assert told.epochs.attested(1) == UsageAttested(second.epoch, 10_000_000, 123)


@pytest.mark.parametrize(("later", "is_found"), [(EPOCHS_AT_ONCE, True), (EPOCHS_MAX - 1, True), (EPOCHS_MAX, False)])
def test_a_proof_is_looked_for_among_a_bounded_number_of_statements(told: Told, later: int, is_found: bool) -> None:
    # Given an attested statement, and as many later ones that are not
    first = told.sealed(1, 10)
    told.proven.rounds[first.epoch] = 123
    for _ in range(later):
        told.sealed(2, 1)
    # Then it is found among the newest only
    assert (told.epochs.attested(1) is not None) is is_found
