"""A light client that nobody called for a long time: what it refuses, and how it catches up."""

from dataclasses import replace
from itertools import pairwise

import pytest

from flareflow.adapters.flow.json_cdc import Argument
from infra.deploy import contracts as deploy
from tests.cadence.flare import CONFIRM, ROLL, Electorate, beginning, confirmation, rolling
from tests.support.flow_emulator import FIRST_ROUND, REWARD_EPOCH, ROUNDS, Chain

pytestmark = pytest.mark.stack

TEN = Electorate.of([100] * 10)
WINDOW = 3
MISSED = 12


def start_of(reward_epoch: int) -> int:
    return reward_epoch * ROUNDS


@pytest.fixture
def silent(chain: Chain) -> Chain:
    """A light client that trusts a policy of twelve reward epochs ago and was not called since."""
    trusted = replace(TEN.trusted(), message_window=WINDOW)
    return chain.light_client_with_own_clock(beginning(trusted, start_of(REWARD_EPOCH + MISSED)))


def followers(count: int) -> list[Electorate]:
    """The first electorate and those of the reward epochs after it."""
    electorates = [TEN]
    for _ in range(count):
        electorates.append(electorates[-1].next())
    return electorates


def too_old(voting_round: int) -> str:
    reward_epoch = voting_round // ROUNDS
    return (
        f"FlareOracleVerifier.confirmRoot: round {voting_round} is too old, reward epoch {reward_epoch} "
        f"is more than {WINDOW} before {REWARD_EPOCH + MISSED}"
    )


def roll_first(voting_round: int) -> str:
    return (
        f"FlareOracleVerifier.confirmRoot: round {voting_round} lies in reward epoch {voting_round // ROUNDS}, "
        f"roll the policy of reward epoch {REWARD_EPOCH + 1} first"
    )


@pytest.mark.parametrize("voting_round", [FIRST_ROUND, FIRST_ROUND + ROUNDS - 1, start_of(REWARD_EPOCH + 9) - 1])
def test_an_old_policy_confirms_no_old_round(silent: Chain, voting_round: int) -> None:
    silent.refuses(too_old(voting_round), CONFIRM, *confirmation(TEN, voting_round=voting_round))


@pytest.mark.parametrize("voting_round", [start_of(REWARD_EPOCH + 9), start_of(REWARD_EPOCH + MISSED)])
def test_an_old_policy_confirms_no_recent_round(silent: Chain, voting_round: int) -> None:
    # Even where all of its voters sign
    silent.refuses(roll_first(voting_round), CONFIRM, *confirmation(TEN, voting_round=voting_round))


def test_the_missed_policies_are_rolled_and_the_newest_round_is_confirmed(silent: Chain) -> None:
    # Given the policies of all missed reward epochs with the signatures that Flare has of them
    electorates = followers(MISSED)
    steps = [rolling(before, after) for before, after in pairwise(electorates)]
    # When anybody rolls them, several in a transaction
    for some in (steps[:5], steps[5:10], steps[10:]):
        silent.run(ROLL, *(Argument("Array", [item for step in some for item in step[at].value]) for at in (0, 1)))  # type: ignore[attr-defined]
    # Then the light client has caught up
    now = start_of(REWARD_EPOCH + MISSED)
    silent.run(CONFIRM, *confirmation(electorates[-1], voting_round=now))
    # And what it missed can be confirmed as far back as the Relay allows
    oldest = start_of(REWARD_EPOCH + MISSED - WINDOW)
    silent.run(CONFIRM, *confirmation(electorates[MISSED - WINDOW], voting_round=oldest))
    silent.refuses(too_old(oldest - 1), CONFIRM, *confirmation(electorates[MISSED - WINDOW], voting_round=oldest - 1))


def test_a_delayed_policy_delays_roots_and_loses_none(chain: Chain) -> None:
    # Given that Flare begins its next reward epoch ten rounds late, in which the old voters go on
    client = chain.light_client_with_own_clock(beginning(TEN.trusted(), start_of(REWARD_EPOCH + 1) + 20))
    late = TEN.next(start_voting_round=start_of(REWARD_EPOCH + 1) + 10)
    meanwhile = confirmation(TEN, voting_round=start_of(REWARD_EPOCH + 1) + 9)
    # Then a root of that time waits for the next policy, and is confirmed with it
    client.refuses(roll_first(start_of(REWARD_EPOCH + 1) + 9), CONFIRM, *meanwhile)
    client.run(CONFIRM, *confirmation(TEN, voting_round=start_of(REWARD_EPOCH + 1) - 1))
    client.run(ROLL, *rolling(TEN, late))
    client.run(CONFIRM, *meanwhile)
    client.run(CONFIRM, *confirmation(late, voting_round=start_of(REWARD_EPOCH + 1) + 10))


def test_a_round_that_has_not_begun_is_refused(chain: Chain) -> None:
    client = chain.light_client_with_own_clock(beginning(TEN.trusted(), FIRST_ROUND + 7))
    client.refuses(
        f"FlareOracleVerifier.confirmRoot: round {FIRST_ROUND + 8} has not begun, {FIRST_ROUND + 7} is the current one",
        CONFIRM,
        *confirmation(TEN, voting_round=FIRST_ROUND + 8),
    )
    client.wait(90)
    client.run(CONFIRM, *confirmation(TEN, voting_round=FIRST_ROUND + 8))


@pytest.mark.parametrize(
    ("per_signature", "is_enough"),
    [("7_000", True), ("160", True), ("1", False)],
    ids=["today", "32 times dearer", "1"],
)
def test_signers_are_recovered_when_the_evm_becomes_dearer(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, per_signature: str, is_enough: bool
) -> None:
    # Given that the gas with which a dry call is tried first is far too little
    code_of = deploy.contract_code

    def thrifty(*arguments: str) -> Argument:
        code = str(code_of(*arguments).value).replace("{ return 40_000 }", "{ return 700 }")
        return Argument("String", code.replace("{ return 7_000 }", f"{{ return {per_signature} }}"))

    monkeypatch.setattr(deploy, "contract_code", thrifty)
    client = chain.light_client(TEN.trusted())
    # Then it is tried again with more, as long as that is within reason
    if is_enough:
        client.run(CONFIRM, *confirmation(TEN))
    else:
        client.refuses("FlareSignatures: the signers could not be recovered with", CONFIRM, *confirmation(TEN))
