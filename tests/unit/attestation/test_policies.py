"""Recording Flare's signing policies and the signatures by the voters of the previous policy."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from flareflow.attestation.models import SignedPolicy
from flareflow.attestation.policies import STRETCHES_MAX, RecordPolicies
from flareflow.attestation.ports import PolicySighting
from flareflow.attestation.relay import decode_signatures
from flareflow.attestation.signing_policy import SigningPolicy, Voter
from flareflow.errors import FlareUnavailableError, StorageUnavailableError
from flareflow.time import Deadline
from tests.fakes.attestation import BLOCKS_PER_ROUND, STRETCH_BLOCKS, FakeFlare, FakePolicies

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
VOTERS: Final = tuple(bytes([n]) * 20 for n in range(1, 6))
STRANGER: Final = b"\xff" * 20


def policy(reward_epoch: int) -> bytes:
    voters = tuple(Voter(address, 100) for address in VOTERS)
    return SigningPolicy(reward_epoch, reward_epoch * 240, 300, bytes(32), voters).encode()


def signature(reward_epoch: int, address: bytes) -> tuple[int, bytes, bytes]:
    return reward_epoch, address, b"\x1b" + address[:1] * 64


def record(flare: FakeFlare, policies: FakePolicies, left: timedelta = timedelta(minutes=4)) -> int:
    return RecordPolicies(flare, policies, start_block=0).run(Deadline(NOW + left, clock=lambda: NOW))


def flare_with(**seen: PolicySighting) -> FakeFlare:
    """A node at block 100 that saw these in the blocks `b<number>`."""
    return FakeFlare(
        voting_round=100 // BLOCKS_PER_ROUND,
        policy_blocks={int(name.removeprefix("b")): sighting for name, sighting in seen.items()},
    )


def indices(signed: SignedPolicy) -> list[int]:
    return [one.index for one in decode_signatures(signed.signatures)]


def test_a_new_policy_is_kept_with_its_signatures_by_rising_index() -> None:
    # Given policies 7 and 8, and signatures of voters 3, 0 and 2 over the second
    signed = tuple(signature(8, VOTERS[n]) for n in (3, 0, 2))
    flare = flare_with(
        b10=PolicySighting(10, (policy(7),), ()),
        b70=PolicySighting(70, (policy(8),), ()),
        b80=PolicySighting(80, (), signed),
    )
    policies = FakePolicies()
    # When the blocks are read
    new = record(flare, policies)
    # Then the policy can be handed on with indices as the Relay wants them
    assert policies.kept[8].policy == policy(8)
    assert indices(policies.kept[8]) == [0, 2, 3]
    assert new == 5
    assert policies.through_block == 100


def test_a_signature_counts_once_and_only_for_a_voter_of_the_previous_policy() -> None:
    # Given a voter that is seen twice, and a stranger
    signed = (signature(8, VOTERS[1]), signature(8, STRANGER), signature(8, VOTERS[1]))
    flare = flare_with(b10=PolicySighting(10, (policy(7), policy(8)), signed))
    policies = FakePolicies()
    # When the blocks are read
    record(flare, policies)
    # Then there is one signature
    assert indices(policies.kept[8]) == [1]


def test_reading_the_same_blocks_again_changes_nothing() -> None:
    # Given blocks that were read, by an invocation that ended before it noted how far
    flare = flare_with(b10=PolicySighting(10, (policy(7), policy(8)), (signature(8, VOTERS[1]),)))
    policies = FakePolicies()
    record(flare, policies)
    kept = dict(policies.kept)
    policies.through_block = None
    # When they are read again
    new = record(flare, policies)
    # Then nothing is new
    assert new == 0
    assert policies.kept == kept


def test_signatures_of_later_blocks_are_added_to_those_before() -> None:
    # Given signatures in two stretches
    flare = flare_with(
        b10=PolicySighting(10, (policy(7), policy(8)), (signature(8, VOTERS[4]),)),
        b90=PolicySighting(90, (), (signature(8, VOTERS[0]),)),
    )
    policies = FakePolicies()
    # When both are read
    record(flare, policies)
    # Then both are kept
    assert indices(policies.kept[8]) == [0, 4]


def test_a_long_gap_is_read_over_several_ticks() -> None:
    # Given more blocks than one tick reads
    flare = FakeFlare(voting_round=2 * STRETCHES_MAX * STRETCH_BLOCKS // BLOCKS_PER_ROUND)
    policies = FakePolicies()
    # When two ticks go by
    record(flare, policies)
    after_one = policies.through_block
    record(flare, policies)
    # Then each read its part
    assert after_one == STRETCHES_MAX * STRETCH_BLOCKS
    assert policies.through_block == 2 * STRETCHES_MAX * STRETCH_BLOCKS


def test_blocks_read_after_the_deadline_are_not_stored_as_read() -> None:
    flare = flare_with(b10=PolicySighting(10, (policy(7),), ()))
    policies = FakePolicies()
    record(flare, policies, left=timedelta(seconds=1))
    assert policies.through_block is None


def test_an_outage_of_the_node_does_not_move_the_last_block_read() -> None:
    policies = FakePolicies(through_block=50)
    with pytest.raises(FlareUnavailableError):
        record(FakeFlare(is_down=True), policies)
    assert policies.through_block == 50


def test_blocks_whose_policies_could_not_be_stored_are_read_again() -> None:
    # Given a table that takes no policy when the first one is seen
    flare = flare_with(b10=PolicySighting(10, (policy(7),), ()))
    policies = FakePolicies(is_down=True)
    with pytest.raises(StorageUnavailableError):
        record(flare, policies)
    # When it takes policies again
    policies.is_down = False
    record(flare, policies)
    # Then the policy is there
    assert policies.kept[7].policy == policy(7)
