"""The contract of attestation's tables, kept by the fakes and by DynamoDB alike."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import pytest

from flareflow.adapters.dynamodb.attestations import DynamoAttestations, DynamoPolicies
from flareflow.attestation.models import Attestation, Finalization, Proof, SignedPolicy, State, Submission
from flareflow.errors import RaceLostError
from tests.fakes.attestation import FakeAttestations, FakePolicies

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

WORDS: Final = (7, 300, 600, 2**256 - 1, 12, 1, 2_000_000, 13, 14)
PROVEN: Final = Attestation(
    epoch=7,
    words=WORDS,
    state=State.PROVEN,
    submission=Submission(b"\x00request", b"\x02transaction", b"\xaa" * 32, nonce=3),
    mined_block=10,
    voting_round=99,
    finalization=Finalization(b"\xbb" * 32, 7, b"\xc8" + bytes(37), b"\x1b" + bytes(66)),
    proof=Proof(99, 2**64 - 1, (b"\x01" * 32, b"\x02" * 32)),
    reasons=("round 98 was finalized without our request",),
)


@dataclass(frozen=True)
class Tables:
    """Both ports on one store."""

    attestations: FakeAttestations | DynamoAttestations
    policies: FakePolicies | DynamoPolicies


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def tables(request: pytest.FixtureRequest) -> Tables:
    if request.param == "fake":
        return Tables(FakeAttestations(), FakePolicies())
    real: Table = request.getfixturevalue("table")
    return Tables(DynamoAttestations(real), DynamoPolicies(real))


def test_an_attestation_comes_back_as_it_was_saved(tables: Tables) -> None:
    # Given an attestation with everything that one can have
    saved = tables.attestations.save(PROVEN)
    # Then it is read back unchanged but for its version
    assert tables.attestations.get(7) == saved == replace(PROVEN, version=1)
    assert tables.attestations.get(8) is None


def test_several_are_read_at_once_and_those_under_way_by_their_states(tables: Tables) -> None:
    # Given two attestations, one of them settled
    tables.attestations.save(PROVEN)
    tables.attestations.save(Attestation(8, WORDS, State.SETTLED))
    # Then both are read, and only the other is under way
    found = tables.attestations.of([7, 8, 9])
    assert {epoch: one.state for epoch, one in found.items()} == {7: State.PROVEN, 8: State.SETTLED}
    assert tables.attestations.states() == [(7, State.PROVEN)]


def test_a_change_over_another_version_is_refused(tables: Tables) -> None:
    # Given an attestation that somebody else has changed meanwhile
    first = tables.attestations.save(Attestation(7, WORDS))
    theirs = tables.attestations.save(replace(first, state=State.SKIPPED))
    # Then neither a change of what was read before nor a second beginning is stored
    for stale in (replace(first, state=State.REQUESTED), Attestation(7, WORDS)):
        with pytest.raises(RaceLostError):
            tables.attestations.save(stale)
    assert tables.attestations.get(7) == theirs


def test_attestations_that_are_not_final_are_listed_oldest_first(tables: Tables) -> None:
    # Given attestations of epochs whose numbers have different lengths
    for epoch, state in ((100, State.SEALED), (9, State.PROVEN), (10, State.SETTLED), (11, State.SKIPPED)):
        begun = tables.attestations.save(Attestation(epoch, WORDS))
        tables.attestations.save(replace(begun, state=state))
    # Then the list holds the unfinished ones
    assert tables.attestations.epochs_under_way() == [9, 100]


def test_a_signing_policy_is_replaced_by_one_with_more_signatures(tables: Tables) -> None:
    # Given a policy without signatures
    tables.policies.put(SignedPolicy(8, b"\x00\x06policy", b""))
    # When it is stored with some
    signed = SignedPolicy(8, b"\x00\x06policy", b"\x1b" * 67)
    tables.policies.put(signed)
    # Then it has them
    assert tables.policies.get(8) == signed
    assert tables.policies.get(9) is None


def test_the_newest_policies_are_listed_first_and_the_searched_block_is_none_of_them(tables: Tables) -> None:
    # Given policies of three reward epochs, and how far Flare's blocks were searched
    signed = {number: SignedPolicy(number, b"\x00\x06policy", b"\x1b" * 67) for number in (9, 10, 8)}
    for policy in signed.values():
        tables.policies.put(policy)
    tables.policies.scanned(41)
    # When the newest two are asked for, and more than there are
    # Then they come by falling reward epoch
    assert list(tables.policies.newest(2)) == [signed[10], signed[9]]
    assert list(tables.policies.newest(20)) == [signed[10], signed[9], signed[8]]


def test_the_last_searched_block_is_stored(tables: Tables) -> None:
    assert tables.policies.scanned_through() is None
    tables.policies.scanned(41)
    tables.policies.scanned(73)
    assert tables.policies.scanned_through() == 73
