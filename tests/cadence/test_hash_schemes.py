"""Flare changes its hash scheme: what counts before, during and after the change, and when Flare takes it back."""

from dataclasses import replace

import pytest

from flareflow.keccak import keccak256
from infra.deploy.contracts import DAY_SECONDS
from tests.cadence.flare import (
    CONFIRM,
    ROLL,
    Electorate,
    beginning,
    confirmation,
    confirming,
    message_of,
    policy_hash,
    rolling,
    rolling_with,
)
from tests.support.flow_emulator import CHAIN_ID, FIRST_ROUND, REWARD_EPOCH, ROUNDS, Chain

pytestmark = pytest.mark.stack

FOUR = Electorate.of([100, 100, 100, 100])
NEXT = FOUR.next()
AFTER_NEXT = NEXT.next()
UNKNOWN_SIGNER = "FlareSignatures: the signature of voter 0 is malformed, by another key or in another hash scheme"
WEEK = 7 * DAY_SECONDS


def older_refused(reward_epoch: int) -> str:
    return (
        "FlareOracleVerifier.confirmRoot: the signatures are in the older hash scheme, "
        f"which does not count in reward epoch {reward_epoch}"
    )


@pytest.fixture
def four(chain: Chain) -> Chain:
    return chain.light_client(FOUR.trusted())


@pytest.fixture
def clocked(chain: Chain) -> Chain:
    """A light client whose clock stands at the first round, and for which the older scheme returns after a week."""
    trusted = replace(FOUR.trusted(), older_scheme_returns_after_seconds=WEEK)
    return chain.light_client_with_own_clock(beginning(trusted, FIRST_ROUND + 10))


def test_the_chain_bound_scheme_is_taken_up_with_a_policy_and_not_left(four: Chain) -> None:
    # When the voters sign the next policy in the chain-bound scheme
    rolled = four.run(ROLL, *rolling(FOUR, NEXT, chain_id=CHAIN_ID))
    assert four.events(rolled)[0] == ("ChainBindingBegan", {"rewardEpoch": REWARD_EPOCH + 1})
    # Then messages of its epoch and the policy after it must be in that scheme too
    start = NEXT.policy.start_voting_round
    four.refuses(older_refused(REWARD_EPOCH + 1), CONFIRM, *confirmation(NEXT, voting_round=start))
    four.refuses(UNKNOWN_SIGNER, ROLL, *rolling(NEXT, AFTER_NEXT))
    four.run(CONFIRM, *confirmation(NEXT, voting_round=start, chain_id=CHAIN_ID))
    four.run(ROLL, *rolling(NEXT, AFTER_NEXT, chain_id=CHAIN_ID))


def test_a_root_in_the_chain_bound_scheme_ends_the_older_one(four: Chain) -> None:
    # Given a policy that was confirmed in the older scheme
    four.run(CONFIRM, *confirmation(FOUR))
    # When a root of its epoch comes in the chain-bound scheme
    bound = four.run(CONFIRM, *confirmation(FOUR, voting_round=FIRST_ROUND + 1, chain_id=CHAIN_ID))
    # Then that scheme holds from this epoch on
    assert four.events(bound)[0] == ("ChainBindingBegan", {"rewardEpoch": REWARD_EPOCH})
    four.refuses(older_refused(REWARD_EPOCH), CONFIRM, *confirmation(FOUR, voting_round=FIRST_ROUND + 2))
    again = four.run(CONFIRM, *confirmation(FOUR, voting_round=FIRST_ROUND + 2, chain_id=CHAIN_ID))
    assert [name for name, _ in four.events(again)] == ["RootConfirmed"]


def test_less_than_a_quorum_ends_no_scheme(four: Chain) -> None:
    four.refuses(
        "FlareSignatures: the signatures have weight 200 and need more than 200",
        CONFIRM,
        *confirmation(FOUR, [0, 1], chain_id=CHAIN_ID),
    )
    four.run(CONFIRM, *confirmation(FOUR))


def test_a_chain_bound_root_is_of_its_own_network(chain: Chain) -> None:
    # Given a light client whose epoch hashes with the chain's id
    chain = chain.light_client(FOUR.trusted(is_chain_bound=True))
    # Then signatures made for another network, or in the old scheme, are by nobody
    chain.refuses(UNKNOWN_SIGNER, CONFIRM, *confirmation(FOUR, chain_id=14))
    chain.refuses(older_refused(REWARD_EPOCH), CONFIRM, *confirmation(FOUR))
    chain.run(CONFIRM, *confirmation(FOUR, chain_id=CHAIN_ID))


def test_a_policy_signed_for_another_network_is_refused(four: Chain) -> None:
    four.refuses(UNKNOWN_SIGNER, ROLL, *rolling(FOUR, NEXT, chain_id=14))


@pytest.mark.parametrize("is_chain_bound", [False, True])
def test_a_scheme_that_nobody_knows_fails_loudly(chain: Chain, is_chain_bound: bool) -> None:
    # Given that Flare binds the hash of a message to the chain, and not the message itself
    client = chain.light_client(FOUR.trusted(is_chain_bound=is_chain_bound))
    message = message_of()
    wrapped = keccak256(CHAIN_ID.to_bytes(32) + keccak256(message))
    # Then roots and policies signed so are refused, and nothing changes
    client.refuses(UNKNOWN_SIGNER, CONFIRM, *confirming(message, FOUR.sign(wrapped)))
    wrapped = keccak256(CHAIN_ID.to_bytes(32) + policy_hash(NEXT, None))
    client.refuses(UNKNOWN_SIGNER, ROLL, *rolling_with(NEXT, FOUR.sign(wrapped)))
    client.run(CONFIRM, *confirmation(FOUR, chain_id=CHAIN_ID if is_chain_bound else None))


def test_a_policy_signed_before_the_change_is_confirmed_after_the_first_chain_bound_root(four: Chain) -> None:
    # Given that the next policy is signed in the older scheme, and then Flare changes its Relay
    four.run(CONFIRM, *confirmation(FOUR, chain_id=CHAIN_ID))
    # When that policy is rolled only now
    four.run(ROLL, *rolling(FOUR, NEXT))
    # Then its roots count in the chain-bound scheme only
    start = NEXT.policy.start_voting_round
    four.refuses(older_refused(REWARD_EPOCH + 1), CONFIRM, *confirmation(NEXT, voting_round=start))
    four.run(CONFIRM, *confirmation(NEXT, voting_round=start, chain_id=CHAIN_ID))
    # And so does the policy after it, which was signed after the change
    four.refuses(UNKNOWN_SIGNER, ROLL, *rolling(NEXT, AFTER_NEXT))
    four.run(ROLL, *rolling(NEXT, AFTER_NEXT, chain_id=CHAIN_ID))


@pytest.mark.parametrize("is_root_seen", [False, True], ids=["before a chain-bound root", "after one"])
def test_a_policy_signed_in_both_schemes_is_confirmed(four: Chain, is_root_seen: bool) -> None:
    # Given that Flare changes its Relay while the voters sign the next policy: no scheme alone has a quorum
    if is_root_seen:
        four.run(CONFIRM, *confirmation(FOUR, chain_id=CHAIN_ID))
    before = FOUR.sign(policy_hash(NEXT, None), [0, 2])
    after = FOUR.sign(policy_hash(NEXT, CHAIN_ID), [1, 3])
    both = sorted([*before, *after], key=lambda signature: signature.index)
    # Then every voter counts once, in the scheme of the own signature
    needs_more = "FlareSignatures: the signatures have weight 200 and need more than 200"
    four.refuses(needs_more, ROLL, *rolling_with(NEXT, both[:2]))
    twice = "FlareSignatures: index out of order, voter 0 after voter 0"
    doubled = [before[0], *FOUR.sign(policy_hash(NEXT, CHAIN_ID), [0]), *both[1:]]
    four.refuses(twice, ROLL, *rolling_with(NEXT, doubled))
    rolled = four.run(ROLL, *rolling_with(NEXT, both))
    # And such a policy alone does not end the older scheme
    assert [name for name, _ in four.events(rolled)] == ["SigningPolicyConfirmed"]


def test_a_root_signed_in_both_schemes_is_refused(four: Chain) -> None:
    # Given that half of the voters sign a root in each scheme, as no Relay would take it
    message = message_of()
    older = FOUR.sign(keccak256(message), [0, 1])
    bound = FOUR.sign(keccak256(CHAIN_ID.to_bytes(32) + message), [2, 3])
    four.refuses(
        "FlareSignatures: the signature of voter 2 is malformed, by another key or in another hash scheme",
        CONFIRM,
        *confirming(message, [*older, *bound]),
    )


def test_the_older_scheme_returns_a_week_after_the_last_chain_bound_round(clocked: Chain) -> None:
    # Given a chain-bound root, after which Flare takes its new Relay back
    clocked.run(CONFIRM, *confirmation(FOUR, voting_round=FIRST_ROUND, chain_id=CHAIN_ID))
    old_root = confirmation(FOUR, voting_round=FIRST_ROUND + 5)
    # Then the older scheme is refused until a week after that round, for roots and for the policy after the next
    clocked.wait(WEEK - 10 * 90 - 1)
    clocked.refuses(older_refused(REWARD_EPOCH), CONFIRM, *old_root)
    clocked.run(ROLL, *rolling(FOUR, NEXT))
    clocked.refuses(UNKNOWN_SIGNER, ROLL, *rolling(NEXT, AFTER_NEXT))
    clocked.wait(1)
    returned = clocked.run(CONFIRM, *old_root)
    assert clocked.events(returned)[0] == ("OlderSchemeReturned", {"rewardEpoch": REWARD_EPOCH})
    rolled = clocked.run(ROLL, *rolling(NEXT, AFTER_NEXT))
    assert [name for name, _ in clocked.events(rolled)] == ["SigningPolicyConfirmed"]


def test_a_policy_in_the_older_scheme_is_confirmed_a_week_after_the_last_chain_bound_one(clocked: Chain) -> None:
    # Given a policy signed in the chain-bound scheme, after which Flare takes its new Relay back
    clocked.run(ROLL, *rolling(FOUR, NEXT, chain_id=CHAIN_ID))
    # Then the next one in the older scheme is confirmed a week after the first of its rounds
    clocked.wait((ROUNDS - 10) * 90 + WEEK - 1)
    clocked.refuses(UNKNOWN_SIGNER, ROLL, *rolling(NEXT, AFTER_NEXT))
    clocked.wait(1)
    rolled = clocked.run(ROLL, *rolling(NEXT, AFTER_NEXT))
    assert [name for name, _ in clocked.events(rolled)] == ["OlderSchemeReturned", "SigningPolicyConfirmed"]


def test_one_later_chain_bound_root_prevents_a_return_to_the_older_scheme(clocked: Chain) -> None:
    # Given that somebody holds signatures of the same voters for another network, in the older scheme
    clocked.run(CONFIRM, *confirmation(FOUR, voting_round=FIRST_ROUND, chain_id=CHAIN_ID))
    foreign = confirmation(FOUR, voting_round=FIRST_ROUND + 9)
    # When one chain-bound root of a later round is brought in that week
    clocked.run(CONFIRM, *confirmation(FOUR, voting_round=FIRST_ROUND + 8, chain_id=CHAIN_ID))
    clocked.wait(WEEK - 10 * 90)
    # Then the foreign signatures are refused beyond the week after the first
    clocked.refuses(older_refused(REWARD_EPOCH), CONFIRM, *foreign)


def test_an_earlier_chain_bound_root_does_not_move_the_return(clocked: Chain) -> None:
    # Given that Flare took its new Relay back after round 8
    clocked.run(CONFIRM, *confirmation(FOUR, voting_round=FIRST_ROUND + 8, chain_id=CHAIN_ID))
    clocked.wait(WEEK - 2 * 90 - 1)
    # When somebody brings a chain-bound root of an earlier round
    clocked.run(CONFIRM, *confirmation(FOUR, voting_round=FIRST_ROUND + 7, chain_id=CHAIN_ID))
    # Then the older scheme returns a week after round 8, neither sooner nor later
    older = confirmation(FOUR, voting_round=FIRST_ROUND + 9)
    clocked.refuses(older_refused(REWARD_EPOCH), CONFIRM, *older)
    clocked.wait(1)
    clocked.run(CONFIRM, *older)


def test_a_second_change_ends_well_too(clocked: Chain) -> None:
    # Given that Flare took its new Relay back, and the older scheme has returned
    clocked.run(CONFIRM, *confirmation(FOUR, voting_round=FIRST_ROUND, chain_id=CHAIN_ID))
    clocked.wait(WEEK)
    clocked.run(CONFIRM, *confirmation(FOUR, voting_round=FIRST_ROUND + 1))
    clocked.run(ROLL, *rolling(FOUR, NEXT))
    # When it brings the new one again, in the next epoch, with the policy after that signed in the older scheme
    start = NEXT.policy.start_voting_round
    bound = clocked.run(CONFIRM, *confirmation(NEXT, voting_round=start, chain_id=CHAIN_ID))
    assert clocked.events(bound)[0] == ("ChainBindingBegan", {"rewardEpoch": REWARD_EPOCH + 1})
    # Then a root in the older scheme is refused, and that policy confirmed
    clocked.refuses(older_refused(REWARD_EPOCH + 1), CONFIRM, *confirmation(NEXT, voting_round=start + 1))
    clocked.run(ROLL, *rolling(NEXT, AFTER_NEXT))
