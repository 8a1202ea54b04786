"""Signing policies that Flare's Relay would refuse are refused here."""

from dataclasses import replace

import pytest

from flareflow.attestation.signing_policy import SigningPolicy, Voter

HEAVIEST = 65_535
SOUND = SigningPolicy(
    reward_epoch=7,
    start_voting_round=1_680,
    threshold=50,
    seed=bytes(32),
    voters=(Voter(b"\x01" * 20, 60), Voter(b"\x02" * 20, 40)),
)


def test_a_sound_policy_is_read_back_and_taken() -> None:
    assert SigningPolicy.decode(SOUND.encode()) == SOUND
    SOUND.require_sound()


@pytest.mark.parametrize("encoded", [SOUND.encode() + b"\0", SOUND.encode()[:-1], SOUND.encode()[:42], b""])
def test_bytes_that_are_not_exactly_one_policy_are_refused(encoded: bytes) -> None:
    with pytest.raises(ValueError, match="a signing policy"):
        SigningPolicy.decode(encoded)


@pytest.mark.parametrize("voters", [(), (Voter(bytes(20), 100),)], ids=["none", "of address 0"])
def test_a_policy_has_voters_with_addresses(voters: tuple[Voter, ...]) -> None:
    with pytest.raises(ValueError, match="has voters"):
        replace(SOUND, voters=voters).require_sound()


def test_the_weights_of_a_policy_sum_to_65535_at_most() -> None:
    # Given the heaviest policy that there can be
    heaviest = replace(SOUND, threshold=40_000, voters=(Voter(b"\x01" * 20, HEAVIEST),))
    heaviest.require_sound()
    # When a voter of weight 1 is added, then it is too heavy
    with pytest.raises(ValueError, match="sum to 65536"):
        replace(heaviest, voters=(*heaviest.voters, Voter(b"\x02" * 20, 1))).require_sound()


@pytest.mark.parametrize(("threshold", "is_sound"), [(49, False), (50, True), (66, True), (67, False)])
def test_the_threshold_of_a_policy_is_50_to_66_percent_of_its_weight(threshold: int, is_sound: bool) -> None:
    policy = replace(SOUND, threshold=threshold)
    if is_sound:
        policy.require_sound()
    else:
        with pytest.raises(ValueError, match="not 50 to 66 percent"):
            policy.require_sound()
