"""How the light client follows Flare from signing policy to signing policy."""

from dataclasses import replace

import pytest

from flareflow.adapters.flow.json_cdc import Argument, array, string, uint64
from flareflow.attestation.signing_policy import SigningPolicy, Voter
from infra.deploy.contracts import TrustedFlare
from infra.deploy.sending import TransactionFailedError
from tests.cadence.flare import CONFIRM, ROLL, Electorate, confirmation, rolling
from tests.support.flow_emulator import CHAIN_ID, REWARD_EPOCH, Chain
from tests.unit.attestation.vectors import recorded, unhex

pytestmark = pytest.mark.stack

FOUR = Electorate.of([100, 100, 100, 100])
READ_POLICY = """
    import "FlareOracleVerifier"
    access(all) fun main(policy: String): FlareOracleVerifier.SigningPolicy {
        return FlareOracleVerifier.SigningPolicy(encoded: policy)
    }
"""


@pytest.fixture
def four(chain: Chain) -> Chain:
    return chain.deployed_again(FOUR.trusted())


def latest(chain: Chain) -> object:
    status = chain.script("flare/get_light_client.cdc")
    assert isinstance(status, dict)
    return status["latestRewardEpoch"]


def test_the_next_policy_is_accepted_by_the_signatures_of_the_one_before(four: Chain) -> None:
    # When more than half of the weight signs the next policy
    result = four.run(ROLL, *rolling(FOUR, FOUR.next(), [0, 1, 3]))
    # Then it is the newest
    (event,) = four.events(result)
    assert event == (
        "SigningPolicyAccepted",
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
        "FlareOracleVerifier: the signatures have weight 200 and need more than 200",
        ROLL,
        *rolling(FOUR, FOUR.next(), [0, 1]),
    )


def test_a_policy_signed_by_its_own_voters_is_refused(four: Chain) -> None:
    # Given strangers who sign themselves in
    strangers = Electorate.of([100] * 4, numbers=[10, 11, 12, 13]).next()
    # Then the voters before them do not know them
    four.refuses(
        "FlareOracleVerifier: the signature of voter 0 is malformed or by another key",
        ROLL,
        *rolling(strangers, strangers),
    )


def test_a_policy_that_skips_an_epoch_is_refused(four: Chain) -> None:
    four.refuses(
        "FlareOracleVerifier.rollSigningPolicy: the next policy is of "
        f"reward epoch {REWARD_EPOCH + 1}, not {REWARD_EPOCH + 2}",
        ROLL,
        *rolling(FOUR, FOUR.next(reward_epoch=REWARD_EPOCH + 2)),
    )


def test_a_policy_that_does_not_start_later_is_refused(four: Chain) -> None:
    start = FOUR.policy.start_voting_round
    four.refuses(
        f"FlareOracleVerifier.rollSigningPolicy: the policy starts in round {start}, not after round {start}",
        ROLL,
        *rolling(FOUR, FOUR.next(start_voting_round=start)),
    )


def test_only_the_last_policies_are_kept(four: Chain) -> None:
    # Given a light client that keeps three policies
    electorate = FOUR
    for _ in range(3):
        electorate, before = electorate.next(), electorate
        four.run(ROLL, *rolling(before, electorate))
    # Then the first is gone and the last three are there
    four.refuses(
        f"FlareOracleVerifier: the signing policy of reward epoch {REWARD_EPOCH} is not known",
        CONFIRM,
        *confirmation(FOUR),
    )
    four.run(CONFIRM, *confirmation(FOUR.next(), voting_round=FOUR.next().policy.start_voting_round))


def test_the_chain_bound_scheme_is_taken_up_and_never_left(four: Chain) -> None:
    # When the voters sign the next policy in the chain-bound scheme
    bound, after = FOUR.next(), FOUR.next().next()
    four.run(ROLL, *rolling(FOUR, bound, chain_id=CHAIN_ID))
    # Then messages of its epoch and the policy after it must be in that scheme too
    start = bound.policy.start_voting_round
    refusal = "FlareOracleVerifier: the signature of voter 0 is malformed or by another key"
    four.refuses(refusal, CONFIRM, *confirmation(bound, voting_round=start))
    four.refuses(refusal, ROLL, *rolling(bound, after))
    four.run(CONFIRM, *confirmation(bound, voting_round=start, chain_id=CHAIN_ID))
    four.run(ROLL, *rolling(bound, after, chain_id=CHAIN_ID))


def test_a_policy_signed_for_another_network_is_refused(four: Chain) -> None:
    four.refuses(
        "FlareOracleVerifier: the signature of voter 0 is malformed or by another key",
        ROLL,
        *rolling(FOUR, FOUR.next(), chain_id=14),
    )


@pytest.mark.parametrize(
    ("electorate", "message"),
    [
        (Electorate.of([], threshold=0), "a policy has 1 to 300 voters, not 0"),
        (Electorate.of([10] * 301), "a policy has 1 to 300 voters, not 301"),
        (Electorate.of([32_768, 32_768]), "the weights sum to 65536, which is not below 65536"),
        (Electorate.of([100, 100], threshold=99), "the threshold 99 is not 50 to 66 percent of the weight 200"),
        (Electorate.of([100, 101], threshold=100), "the threshold 100 is not 50 to 66 percent of the weight 201"),
        (Electorate.of([100, 100], threshold=133), "the threshold 133 is not 50 to 66 percent of the weight 200"),
    ],
    ids=["no voters", "too many voters", "too much weight", "threshold too low", "below a half", "threshold too high"],
)
def test_an_unsound_policy_is_refused(chain: Chain, electorate: Electorate, message: str) -> None:
    with pytest.raises(TransactionFailedError, match=f"FlareOracleVerifier.SigningPolicy: {message}"):
        chain.deployed_again(electorate.trusted())


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
def test_a_policy_at_the_bounds_is_accepted(chain: Chain, electorate: Electorate) -> None:
    chain.deployed_again(electorate.trusted())


def test_a_voter_with_the_address_0_is_refused(chain: Chain) -> None:
    # Given a policy whose second voter is nobody, whom a malformed signature would stand for
    nobody = replace(FOUR.policy, voters=(FOUR.policy.voters[0], Voter(bytes(20), 100)), threshold=100)
    with pytest.raises(TransactionFailedError, match="a voter has the address 0"):
        chain.deployed_again(Electorate(nobody, (0, 1)).trusted())


@pytest.mark.parametrize(
    ("size", "message"), [(42, "a policy has 43 bytes or more, not 42"), (130, "4 voters make 131 bytes, not 130")]
)
def test_a_policy_of_another_length_is_refused(chain: Chain, size: int, message: str) -> None:
    policy = TrustedFlare(CHAIN_ID, 240, FOUR.policy.encode()[:size])
    with pytest.raises(TransactionFailedError, match=message):
        chain.deployed_again(policy)


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
    client = chain.deployed_again(TrustedFlare(19 if "songbird" in name else 14, 3_360, policy.encode()))
    # Then it follows that policy, and believes nobody else about its rounds
    assert client.script("flare/get_light_client.cdc") == {
        "latestRewardEpoch": policy.reward_epoch,
        "startVotingRound": policy.start_voting_round,
        "threshold": policy.threshold,
        "voters": len(policy.voters),
        "isChainBound": False,
    }
    strangers = Electorate.of([100], reward_epoch=policy.reward_epoch)
    client.refuses(
        "FlareOracleVerifier: the signature of voter 0 is malformed or by another key",
        CONFIRM,
        *confirmation(strangers, voting_round=policy.start_voting_round),
    )


def test_a_recorded_policy_has_the_recorded_hashes_in_both_schemes(chain: Chain) -> None:
    # Given a light client of Flare itself that trusts its recorded policy of epoch 309
    policy = unhex(recorded("signing_policies")["flare-309"]["signingPolicyBytes"])
    hashes = recorded("signing_policy_309_hashes")
    chain = chain.deployed_again(TrustedFlare(14, 3360, policy))
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
