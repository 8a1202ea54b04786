"""How the light client follows Flare from signing policy to signing policy."""

from dataclasses import replace

import pytest

from flareflow.adapters.flow.json_cdc import Argument, array, string, uint64
from flareflow.attestation.relay import PolicySignature
from flareflow.attestation.signing_policy import SigningPolicy, Voter
from flareflow.keccak import keccak256
from infra.deploy.contracts import TrustedFlare
from infra.deploy.sending import TransactionFailedError
from tests.cadence.flare import CONFIRM, ROLL, Electorate, beginning, confirmation, confirming, message_of, rolling
from tests.support.flow_emulator import CHAIN_ID, REWARD_EPOCH, ROUNDS, Chain
from tests.unit.attestation.vectors import recorded, unhex

pytestmark = pytest.mark.stack

FOUR = Electorate.of([100, 100, 100, 100])
READ_POLICY = """
    import "FlareSignatures"
    access(all) fun main(policy: String): FlareSignatures.SigningPolicy {
        return FlareSignatures.SigningPolicy(encoded: policy)
    }
"""


@pytest.fixture
def four(chain: Chain) -> Chain:
    return chain.light_client(FOUR.trusted())


def latest(chain: Chain) -> object:
    status = chain.script("flare/get_light_client.cdc")
    assert isinstance(status, dict)
    return status["latestRewardEpoch"]


def test_the_next_policy_is_confirmed_by_the_signatures_of_the_one_before(four: Chain) -> None:
    # When more than half of the weight signs the next policy
    result = four.run(ROLL, *rolling(FOUR, FOUR.next(), [0, 1, 3]))
    # Then it is the newest
    (event,) = four.events(result)
    assert event == (
        "SigningPolicyConfirmed",
        {
            "rewardEpoch": REWARD_EPOCH + 1,
            "startVotingRound": FOUR.next().policy.start_voting_round,
            "voters": 4,
            "threshold": 200,
            "isChainBound": False,
        },
    )
    assert latest(four) == REWARD_EPOCH + 1


def test_several_policies_roll_in_one_transaction_and_repeating_it_changes_nothing(four: Chain) -> None:
    # Given two policies in a row
    steps = [rolling(FOUR, FOUR.next()), rolling(FOUR.next(), FOUR.next().next())]
    both = [Argument("Array", [item for step in steps for item in step[position].value]) for position in (0, 1)]  # type: ignore[attr-defined]
    # When they come twice
    four.run(ROLL, *both)
    again = four.run(ROLL, *both)
    # Then the second time nothing happens
    assert latest(four) == REWARD_EPOCH + 2
    assert four.events(again) == []


def test_a_policy_signed_by_half_of_the_weight_is_refused(four: Chain) -> None:
    four.refuses(
        "FlareSignatures: the signatures have weight 200 and need more than 200",
        ROLL,
        *rolling(FOUR, FOUR.next(), [0, 1]),
    )


def test_a_policy_signed_by_its_own_voters_is_refused(four: Chain) -> None:
    # Given strangers who sign themselves in
    strangers = Electorate.of([100] * 4, numbers=[10, 11, 12, 13]).next()
    # Then the voters before them do not know them
    four.refuses(
        "FlareSignatures: the signature of voter 0 is malformed, by another key or in another hash scheme",
        ROLL,
        *rolling(strangers, strangers),
    )


def test_a_policy_that_skips_an_epoch_is_refused(four: Chain) -> None:
    four.refuses(
        "FlareOracleVerifier.rollSigningPolicy: the next policy is "
        f"that of reward epoch {REWARD_EPOCH + 1}, not of {REWARD_EPOCH + 2}",
        ROLL,
        *rolling(FOUR, FOUR.next(reward_epoch=REWARD_EPOCH + 2)),
    )


def test_only_the_last_policies_are_kept(chain: Chain) -> None:
    # Given a light client that keeps three policies
    in_two_epochs = FOUR.policy.start_voting_round + 2 * ROUNDS
    client = chain.light_client_with_own_clock(beginning(replace(FOUR.trusted(), message_window=2), in_two_epochs))
    electorate = FOUR
    for _ in range(3):
        electorate, before = electorate.next(), electorate
        client.run(ROLL, *rolling(before, electorate))
    # Then the first is gone and the last three are there
    client.refuses(
        f"FlareOracleVerifier: the signing policy of reward epoch {REWARD_EPOCH} is not known, or no longer kept",
        CONFIRM,
        *confirmation(FOUR),
    )
    client.run(CONFIRM, *confirmation(FOUR.next(), voting_round=FOUR.next().policy.start_voting_round))


@pytest.mark.parametrize(
    ("electorate", "message"),
    [
        (Electorate.of([], threshold=0), "a policy has 1 to 300 voters, not 0"),
        (Electorate.of([10] * 301), "a policy has 1 to 300 voters, not 301"),
        (Electorate.of([32_768, 32_768]), "the weights sum to 65536, more than 65535"),
        (Electorate.of([100, 100], threshold=99), "the threshold 99 is not 50 to 66 percent of the weight 200"),
        (Electorate.of([100, 101], threshold=100), "the threshold 100 is not 50 to 66 percent of the weight 201"),
        (Electorate.of([100, 100], threshold=133), "the threshold 133 is not 50 to 66 percent of the weight 200"),
    ],
    ids=["no voters", "too many voters", "too much weight", "threshold too low", "below a half", "threshold too high"],
)
def test_an_unsound_policy_is_refused(chain: Chain, electorate: Electorate, message: str) -> None:
    with pytest.raises(TransactionFailedError, match=f"FlareSignatures.SigningPolicy: {message}"):
        chain.light_client(electorate.trusted())


@pytest.mark.parametrize(
    "electorate",
    [
        Electorate.of([100]),
        Electorate.of([0, 70, 0]),
        Electorate.of([218] * 300),
        Electorate.of([65_535]),
        Electorate.of([50, 50], threshold=66),
    ],
    ids=["one voter", "some without weight", "300 voters", "most weight", "highest threshold"],
)
def test_a_policy_at_the_bounds_is_confirmed(chain: Chain, electorate: Electorate) -> None:
    chain.light_client(electorate.trusted())


def test_a_voter_with_the_address_0_counts_nothing_and_stops_nothing(chain: Chain) -> None:
    # Given a policy with a voter whose address is 0, for whom a malformed signature would stand, and three others
    nobody = replace(FOUR.policy, voters=(*FOUR.policy.voters[:3], Voter(bytes(20), 100)))
    four = chain.light_client(FOUR.trusted())
    four.run(ROLL, *rolling(FOUR, Electorate(replace(FOUR.next().policy, voters=nobody.voters), FOUR.numbers)))
    following = Electorate(replace(FOUR.next().policy, voters=nobody.voters), FOUR.numbers)
    start = following.policy.start_voting_round
    # Then a malformed signature in that voter's name adds no weight
    message = message_of(start)
    malformed = PolicySignature(27, bytes(32), bytes(32), 3)
    two = following.sign(keccak256(message), [0, 1])
    four.refuses(
        "FlareSignatures: the signatures have weight 200 and need more than 200",
        CONFIRM,
        *confirming(message, [*two, malformed], REWARD_EPOCH + 1),
    )
    # And the others go on: with a root, and with the next policy
    four.run(CONFIRM, *confirmation(following, [0, 1, 2], voting_round=start))
    four.run(ROLL, *rolling(following, FOUR.next().next(), [0, 1, 2]))


@pytest.mark.parametrize("start", [FOUR.policy.start_voting_round, FOUR.policy.start_voting_round - 50])
def test_a_policy_that_does_not_start_after_the_one_before_stops_nothing(four: Chain, start: int) -> None:
    # When the next policy starts no later than the one before
    following = FOUR.next(start_voting_round=start)
    four.run(ROLL, *rolling(FOUR, following))
    # Then its voters sign the rounds of its own reward epoch, and no earlier ones
    own = (REWARD_EPOCH + 1) * ROUNDS
    four.refuses(
        f"FlareOracleVerifier.confirmRoot: round {own - 1} lies in reward epoch {REWARD_EPOCH}, before {REWARD_EPOCH + 1}",
        CONFIRM,
        *confirmation(following, voting_round=own - 1),
    )
    four.run(CONFIRM, *confirmation(FOUR, voting_round=own - 1))
    four.run(CONFIRM, *confirmation(following, voting_round=own))
    four.run(ROLL, *rolling(following, FOUR.next().next()))


def test_a_repeated_address_counts_everywhere_where_no_quorum_would_be_left(chain: Chain) -> None:
    # Given a policy in which one address has all of the weight, in two places
    alone = Electorate.of([100, 100], numbers=[0, 0])
    client = chain.light_client(alone.trusted())
    # Then it counts in both, as in Flare's Relay, since nobody could ever sign otherwise
    client.refuses(
        "FlareSignatures: the signatures have weight 100 and need more than 100", CONFIRM, *confirmation(alone, [0])
    )
    client.run(CONFIRM, *confirmation(alone, [0, 1]))


@pytest.mark.parametrize(
    ("size", "message"),
    [(42, "a policy has at least 43 bytes, not 42"), (130, "a policy of 4 voters has 131 bytes, not 130")],
)
def test_a_policy_of_another_length_is_refused(chain: Chain, size: int, message: str) -> None:
    policy = TrustedFlare(CHAIN_ID, 240, FOUR.policy.encode()[:size])
    with pytest.raises(TransactionFailedError, match=message):
        chain.light_client(policy)


@pytest.mark.parametrize("name", recorded("signing_policies"))
def test_a_recorded_policy_of_flare_is_read_as_it_was_recorded(chain: Chain, name: str) -> None:
    # Given a policy that was in force on Flare or Songbird
    encoded = unhex(recorded("signing_policies")[name]["signingPolicyBytes"])
    expected = SigningPolicy.decode(encoded)
    # When the contract reads it
    read = chain.evaluate(READ_POLICY, string(encoded.hex()))
    # Then every voter and weight is as recorded
    assert isinstance(read, dict)
    assert (read["rewardEpoch"], read["startVotingRound"], read["threshold"]) == (
        expected.reward_epoch,
        expected.start_voting_round,
        expected.threshold,
    )
    assert read["voters"] == [int.from_bytes(voter.address) << 16 | voter.weight for voter in expected.voters]


@pytest.mark.parametrize("name", recorded("signing_policies"))
def test_a_light_client_starts_from_any_recorded_policy(chain: Chain, name: str) -> None:
    # Given a policy that was in force on Flare or Songbird
    policy = SigningPolicy.decode(unhex(recorded("signing_policies")[name]["signingPolicyBytes"]))
    # When a light client of that network is deployed with it
    network = TrustedFlare(19 if "songbird" in name else 14, 3_360, policy.encode())
    client = chain.light_client_with_own_clock(beginning(network, policy.start_voting_round))
    # Then it follows that policy, and believes nobody else about its rounds
    assert client.script("flare/get_light_client.cdc") == {
        "latestRewardEpoch": policy.reward_epoch,
        "currentRewardEpoch": policy.reward_epoch,
        "startVotingRound": policy.start_voting_round,
        "threshold": policy.threshold,
        "voters": len(policy.voters),
        "isChainBound": False,
    }
    strangers = Electorate.of([100], reward_epoch=policy.reward_epoch)
    client.refuses(
        "FlareSignatures: the signature of voter 0 is malformed, by another key or in another hash scheme",
        CONFIRM,
        *confirmation(strangers, voting_round=policy.start_voting_round),
    )


def test_a_recorded_policy_has_the_recorded_hashes_in_both_schemes(chain: Chain) -> None:
    # Given a light client of Flare itself that trusts its recorded policy of epoch 309
    policy = unhex(recorded("signing_policies")["flare-309"]["signingPolicyBytes"])
    hashes = recorded("signing_policy_309_hashes")
    chain = chain.light_client(TrustedFlare(14, 3360, policy))
    # Then it computes both published hashes
    computed = [
        chain.script("flare/get_policy_hash.cdc", string(policy.hex()), Argument("Bool", is_chain_bound))
        for is_chain_bound in (False, True)
    ]
    assert computed == [
        hashes["legacy_hash"].removeprefix("0x"),
        hashes["chain_bound_hash_source_chain_id_14"].removeprefix("0x"),
    ]


def test_lists_of_different_length_are_refused(four: Chain) -> None:
    four.refuses(
        "roll_signing_policies: 1 policies but 0 lists of signatures",
        ROLL,
        array(string, [FOUR.next().policy.encode().hex()]),
        array(string, []),
    )


def test_the_latest_epoch_is_told(four: Chain) -> None:
    assert latest(four) == REWARD_EPOCH
    assert four.script("flare/get_root.cdc", uint64(1)) is None
