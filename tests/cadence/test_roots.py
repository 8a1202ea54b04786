"""Which roots the light client confirms, and the message with which it refuses every other."""

from dataclasses import replace

import pytest

from flareflow.adapters.flow.json_cdc import string, uint64
from flareflow.attestation.relay import PolicySignature
from flareflow.keccak import keccak256
from tests.cadence.flare import (
    CONFIRM,
    CURVE_ORDER,
    ROLL,
    ROOT,
    Electorate,
    confirmation,
    confirming,
    message_of,
    rolling,
)
from tests.support.flow_emulator import FIRST_ROUND, REWARD_EPOCH, ROUNDS, Chain

pytestmark = pytest.mark.stack

FOUR = Electorate.of([100, 100, 100, 100])
"""Half of the weight is 200, so three voters of four are needed."""


@pytest.fixture
def four(chain: Chain) -> Chain:
    return chain.light_client(FOUR.trusted())


def root_of(chain: Chain, voting_round: int = FIRST_ROUND) -> object:
    return chain.script("flare/get_root.cdc", uint64(voting_round))


def test_a_root_signed_by_more_than_the_threshold_is_confirmed(four: Chain) -> None:
    # When three voters of four sign, in any selection
    result = four.run(CONFIRM, *confirmation(FOUR, [0, 2, 3]))
    # Then the root stands
    assert four.events(result) == [
        (
            "RootConfirmed",
            {"votingRound": FIRST_ROUND, "root": ROOT.hex(), "rewardEpoch": REWARD_EPOCH, "weight": 300},
        )
    ]
    assert root_of(four) == ROOT.hex()


def test_signatures_beyond_the_needed_weight_are_not_looked_at(four: Chain) -> None:
    # Given three good signatures and one of nobody
    message = message_of()
    good = FOUR.sign(keccak256(message), [0, 1, 2])
    # Then the root is confirmed all the same, as Flare's Relay does it
    four.run(CONFIRM, *confirming(message, [*good, PolicySignature(27, bytes(32), bytes(32), 3)]))


def test_weight_equal_to_the_threshold_is_not_enough(four: Chain) -> None:
    four.refuses(
        "FlareSignatures: the signatures have weight 200 and need more than 200",
        CONFIRM,
        *confirmation(FOUR, [1, 3]),
    )
    assert root_of(four) is None


def test_indices_out_of_order_are_refused(four: Chain) -> None:
    four.refuses("FlareSignatures: index out of order, voter 1 after voter 2", CONFIRM, *confirmation(FOUR, [0, 2, 1]))


def test_the_same_voter_twice_is_refused(four: Chain) -> None:
    four.refuses("FlareSignatures: index out of order, voter 1 after voter 1", CONFIRM, *confirmation(FOUR, [0, 1, 1]))


def test_a_voter_who_stands_twice_in_a_policy_is_counted_once(chain: Chain) -> None:
    # Given a policy in which the first address comes again at the end
    twice = Electorate.of([100, 100, 100, 100], numbers=[0, 1, 2, 0])
    chain = chain.light_client(twice.trusted())
    # Then it cannot make up a quorum of three with one other
    chain.refuses(
        "FlareSignatures: the signatures have weight 200 and need more than 200",
        CONFIRM,
        *confirmation(twice, [0, 1, 3]),
    )
    chain.run(CONFIRM, *confirmation(twice, [0, 1, 2, 3]))


def test_a_signature_by_another_key_is_refused(four: Chain) -> None:
    # Given voter 2's signature under the name of voter 1
    message = message_of()
    first, other = FOUR.sign(keccak256(message), [0, 2])
    # Then it is refused
    four.refuses(
        "FlareSignatures: the signature of voter 1 is malformed, by another key or in another hash scheme",
        CONFIRM,
        *confirming(message, [first, replace(other, index=1)]),
    )


def test_a_signature_of_another_message_is_refused(four: Chain) -> None:
    # Given signatures of another round
    signatures = FOUR.sign(keccak256(message_of(FIRST_ROUND + 1)))
    # Then they are by nobody in the policy
    four.refuses(
        "FlareSignatures: the signature of voter 0 is malformed, by another key or in another hash scheme",
        CONFIRM,
        *confirming(message_of(), signatures),
    )


def test_an_index_beyond_the_voters_is_refused(four: Chain) -> None:
    message = message_of()
    (signature,) = FOUR.sign(keccak256(message), [0])
    four.refuses(
        "FlareSignatures: there is no voter 4 in the policy of reward epoch 1000",
        CONFIRM,
        *confirming(message, [replace(signature, index=4)]),
    )


def high_s(signature: PolicySignature) -> PolicySignature:
    s = CURVE_ORDER - int.from_bytes(signature.s)
    return replace(signature, v=55 - signature.v, s=s.to_bytes(32))


def test_either_of_the_two_values_of_s_counts_as_in_the_relay(four: Chain) -> None:
    # Given that one voter signs with an s in the upper half of the curve's order
    message = message_of()
    signatures = FOUR.sign(keccak256(message), [0, 1, 2])
    signatures[1] = high_s(signatures[1])
    # Then the signature counts, and for its own voter only
    misplaced = [signatures[0], replace(signatures[1], index=2)]
    refusal = "FlareSignatures: the signature of voter 2 is malformed, by another key or in another hash scheme"
    four.refuses(refusal, CONFIRM, *confirming(message, misplaced))
    four.run(CONFIRM, *confirming(message, signatures))


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda signature: replace(signature, v=signature.v - 27),
        lambda signature: replace(signature, v=29),
        lambda signature: replace(signature, r=bytes(32)),
        lambda signature: replace(signature, s=bytes(32)),
        lambda signature: replace(signature, r=CURVE_ORDER.to_bytes(32)),
    ],
    ids=["v of 0 or 1", "v of 29", "r of zero", "s of zero", "r beyond the order"],
)
def test_a_malformed_signature_is_refused(four: Chain, spoilt: object) -> None:
    assert callable(spoilt)
    message = message_of()
    signatures = FOUR.sign(keccak256(message), [0, 1, 2])
    signatures[1] = spoilt(signatures[1])
    four.refuses(
        "FlareSignatures: the signature of voter 1 is malformed, by another key or in another hash scheme",
        CONFIRM,
        *confirming(message, signatures),
    )


def test_an_unknown_policy_is_refused(four: Chain) -> None:
    arguments = confirmation(FOUR)
    arguments[0] = uint64(REWARD_EPOCH - 1)
    four.refuses(
        f"FlareOracleVerifier: the signing policy of reward epoch {REWARD_EPOCH - 1} is not known, or no longer kept",
        CONFIRM,
        *arguments,
    )


@pytest.mark.parametrize("root", [ROOT, keccak256(b"another")], ids=["the same", "another"])
def test_a_round_gets_one_root_once(four: Chain, root: bytes) -> None:
    four.run(CONFIRM, *confirmation(FOUR))
    four.refuses(
        f"FlareOracleVerifier.confirmRoot: round {FIRST_ROUND} has its root already",
        CONFIRM,
        *confirmation(FOUR, root=root),
    )


def test_a_message_of_another_protocol_is_refused(four: Chain) -> None:
    message = message_of(protocol=100)
    four.refuses(
        "FlareOracleVerifier.confirmRoot: the message is of protocol 100, not of 200",
        CONFIRM,
        *confirming(message, FOUR.sign(keccak256(message))),
    )


def test_a_root_of_zero_is_refused(four: Chain) -> None:
    four.refuses(
        f"FlareOracleVerifier.confirmRoot: the root of round {FIRST_ROUND} is zero",
        CONFIRM,
        *confirmation(FOUR, root=bytes(32)),
    )


@pytest.mark.parametrize("size", [37, 39])
def test_a_message_of_another_length_is_refused(four: Chain, size: int) -> None:
    message = message_of().ljust(size, b"\0")[:size]
    four.refuses(
        f"FlareOracleVerifier.confirmRoot: a message has 38 bytes, not {size}",
        CONFIRM,
        *confirming(message, FOUR.sign(keccak256(message))),
    )


@pytest.mark.parametrize("signatures", ["", "1b" * 66, "1b" * 68])
def test_signatures_of_another_length_are_refused(four: Chain, signatures: str) -> None:
    arguments = [*confirmation(FOUR)[:2], string(signatures)]
    four.refuses(
        f"FlareSignatures: a list has 1 to 300 signatures of 67 bytes each, not {len(signatures) // 2} bytes",
        CONFIRM,
        *arguments,
    )


def test_a_round_before_the_policy_starts_is_refused(chain: Chain) -> None:
    # Given a policy that starts ten rounds into its epoch
    late = Electorate.of([100] * 4, start=FIRST_ROUND + 10)
    chain = chain.light_client(late.trusted())
    # Then the round before is not its own
    chain.refuses(
        f"FlareOracleVerifier.confirmRoot: the policy of reward epoch {REWARD_EPOCH} "
        f"starts in round {FIRST_ROUND + 10}, after round {FIRST_ROUND + 9}",
        CONFIRM,
        *confirmation(late, voting_round=FIRST_ROUND + 9),
    )
    chain.run(CONFIRM, *confirmation(late, voting_round=FIRST_ROUND + 10))


def test_a_policy_of_an_epoch_that_has_not_come_is_refused(chain: Chain) -> None:
    # Given a policy whose start lies before its own epoch
    early = Electorate.of([100] * 4, start=FIRST_ROUND - ROUNDS)
    chain = chain.light_client(early.trusted())
    chain.refuses(
        f"FlareOracleVerifier.confirmRoot: round {FIRST_ROUND - 1} "
        f"lies in reward epoch {REWARD_EPOCH - 1}, before {REWARD_EPOCH}",
        CONFIRM,
        *confirmation(early, voting_round=FIRST_ROUND - 1),
    )


def test_an_old_policy_confirms_nothing_that_belongs_to_the_next(four: Chain) -> None:
    # Given the next policy
    following = FOUR.next()
    four.run(ROLL, *rolling(FOUR, following))
    # Then from its start on the old one is over, and before its start it goes on
    start = following.policy.start_voting_round
    four.refuses(
        f"FlareOracleVerifier.confirmRoot: round {start} belongs to the policy of reward epoch {REWARD_EPOCH + 1}",
        CONFIRM,
        *confirmation(FOUR, voting_round=start),
    )
    four.run(CONFIRM, *confirmation(FOUR, voting_round=start - 1))
    four.run(CONFIRM, *confirmation(following, voting_round=start))


def test_a_root_makes_room_for_the_one_so_many_rounds_later_and_never_comes_back(chain: Chain) -> None:
    # Given a light client that keeps roots for two rounds
    chain = chain.light_client(FOUR.trusted(roots_kept=2))
    # When three rounds in a row are confirmed
    for ahead in (5, 6, 7):
        chain.run(CONFIRM, *confirmation(FOUR, voting_round=FIRST_ROUND + ahead))
    # Then the first is gone, and neither it nor one before it is confirmed in place of a later one
    assert [root_of(chain, FIRST_ROUND + ahead) is None for ahead in (5, 6, 7)] == [True, False, False]
    for ahead, kept in ((5, 7), (4, 6)):
        chain.refuses(
            f"FlareOracleVerifier.confirmRoot: round {FIRST_ROUND + ahead} is too old, "
            f"the root of round {FIRST_ROUND + kept} is kept in its place",
            CONFIRM,
            *confirmation(FOUR, voting_round=FIRST_ROUND + ahead),
        )


def test_an_earlier_round_is_still_confirmed_after_a_later_one(four: Chain) -> None:
    four.run(CONFIRM, *confirmation(FOUR, voting_round=FIRST_ROUND + 9))
    four.run(CONFIRM, *confirmation(FOUR, voting_round=FIRST_ROUND + 8))
    assert root_of(four, FIRST_ROUND + 8) == root_of(four, FIRST_ROUND + 9) == ROOT.hex()


def test_a_round_of_an_earlier_epoch_is_refused_even_where_the_next_policy_is_known(chain: Chain) -> None:
    # Given a policy that starts before its own epoch, and the one after it
    early = Electorate.of([100] * 4, start=FIRST_ROUND - ROUNDS)
    chain = chain.light_client(early.trusted())
    chain.run(ROLL, *rolling(early, early.next()))
    # Then a round of the epoch before it is refused as Flare's Relay refuses it
    chain.refuses(
        f"FlareOracleVerifier.confirmRoot: round {FIRST_ROUND - 1} "
        f"lies in reward epoch {REWARD_EPOCH - 1}, before {REWARD_EPOCH}",
        CONFIRM,
        *confirmation(early, voting_round=FIRST_ROUND - 1),
    )
