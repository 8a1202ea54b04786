"""The local Relay and FdcHub follow the rules of Flare's contracts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import pytest
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import Web3Exception

from flareflow.adapters.aws.kms import KmsKey
from flareflow.adapters.flare.contracts import Web3Flare
from flareflow.adapters.flare.evm_signer import KmsEvmSigner
from flareflow.attestation.relay import (
    FDC_PROTOCOL_ID,
    PolicySignature,
    RelayedRoot,
    RootMessage,
    relay_policy_calldata,
)
from flareflow.attestation.request import AttestationTarget
from flareflow.attestation.signing_policy import SigningPolicy, Voter, legacy_hash
from infra.local.flare.contracts import deploy_flare, fund
from infra.local.flare.fdc.voters import VOTERS
from infra.local.flare.solidity import artifacts
from tests.support.flare import anvil_running
from tests.support.kms import MemoryKms
from tests.support.relay_vectors import recorded_outcomes

pytestmark = pytest.mark.stack

PORT_BASE: Final = 23600
ROUNDS_PER_REWARD_EPOCH: Final = 240
WEIGHTS: Final = (100, 50, 150, 20)
THRESHOLD: Final = 170
ROUND: Final = 7 * ROUNDS_PER_REWARD_EPOCH + 5
CURVE_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def policy(reward_epoch: int = 7, start_voting_round: int | None = None) -> SigningPolicy:
    start = reward_epoch * ROUNDS_PER_REWARD_EPOCH if start_voting_round is None else start_voting_round
    voters = tuple(Voter(voter.address, weight) for voter, weight in zip(VOTERS, WEIGHTS, strict=False))
    return SigningPolicy(reward_epoch, start, THRESHOLD, bytes(32), voters)


def message(voting_round: int = ROUND, root: bytes = b"\x01" * 32) -> RootMessage:
    return RootMessage(FDC_PROTOCOL_ID, voting_round, is_secure_random=False, merkle_root=root)


def signed_by(content_hash: bytes, indices: Sequence[int]) -> bytes:
    return b"".join(VOTERS[index].sign(content_hash, index).encode() for index in indices)


@dataclass(frozen=True)
class LocalRelay:
    """A Relay whose first policy is `policy()`."""

    web3: Web3
    contract: Contract

    def call(self, calldata: bytes) -> None:
        """A dry call; raises with the Relay's reason."""
        self.web3.eth.call({"to": self.contract.address, "data": Web3.to_hex(calldata)})

    def send(self, calldata: bytes) -> dict[str, Any]:
        sent = self.web3.eth.send_transaction(
            {"from": self.web3.eth.accounts[0], "to": self.contract.address, "data": Web3.to_hex(calldata)}
        )
        return dict(self.web3.eth.wait_for_transaction_receipt(sent, timeout=120, poll_latency=0.1))


@pytest.fixture(scope="module")
def web3() -> Iterator[Web3]:
    with anvil_running(PORT_BASE) as running:
        running.provider.make_request("evm_setAutomine", [True])  # type: ignore[arg-type]
        yield running


@pytest.fixture
def relay(relay_of: Callable[[bytes], LocalRelay]) -> LocalRelay:
    return relay_of(policy().encode())


@pytest.fixture
def relay_of(web3: Web3) -> Callable[[bytes], LocalRelay]:
    """Deploys a Relay that begins with a policy."""
    return lambda first: deployed(web3, first)


def deployed(web3: Web3, first: bytes) -> LocalRelay:
    compiled, sender = artifacts()["Relay"], {"from": web3.eth.accounts[0]}
    factory: Any = web3.eth.contract(abi=compiled["abi"], bytecode=compiled["bytecode"])
    sent = factory.constructor(1_658_430_000, 90, ROUNDS_PER_REWARD_EPOCH).transact(sender)
    address = web3.eth.wait_for_transaction_receipt(sent, timeout=120, poll_latency=0.1)["contractAddress"]
    contract = web3.eth.contract(address=Web3.to_checksum_address(str(address)), abi=compiled["abi"])
    contract.functions.setSigningPolicy(first).transact(cast("Any", sender))
    return LocalRelay(web3, contract)


def relayed(indices: Sequence[int], by: SigningPolicy | None = None, what: RootMessage | None = None) -> bytes:
    what = what or message()
    return RelayedRoot((by or policy()).encode(), what.encode(), signed_by(what.hash, indices)).encode()


def test_a_root_signed_by_more_than_the_threshold_is_final(relay: LocalRelay) -> None:
    # Given signatures of 300 where more than 170 is wanted
    # When they are relayed
    receipt = relay.send(relayed([0, 1, 2]))
    # Then the round has its root
    assert receipt["status"] == 1
    assert relay.contract.functions.merkleRoots(FDC_PROTOCOL_ID, ROUND).call() == b"\x01" * 32
    assert relay.contract.functions.isFinalized(FDC_PROTOCOL_ID, ROUND).call()


def test_a_root_is_written_once(relay: LocalRelay) -> None:
    # Given a final round
    relay.send(relayed([0, 1, 2]))
    # When another root for it is relayed, signed as well
    with pytest.raises(Web3Exception, match="Already relayed"):
        relay.call(relayed([0, 1, 2], what=message(root=b"\x02" * 32)))
    # Then the first stays
    assert relay.contract.functions.merkleRoots(FDC_PROTOCOL_ID, ROUND).call() == b"\x01" * 32


OLDER_ROUND: Final = 7 * ROUNDS_PER_REWARD_EPOCH - 1
LATER_ROUND: Final = 8 * ROUNDS_PER_REWARD_EPOCH
REFUSED: Final[Mapping[str, tuple[Callable[[], bytes], str]]] = {
    "weight equal to the threshold": (lambda: relayed([2, 3]), "Not enough weight"),
    "weight below the threshold": (lambda: relayed([0, 1]), "Not enough weight"),
    "no signature": (lambda: relayed([]), "Not enough weight"),
    "indices that fall": (lambda: relayed([2, 0, 1]), "Index out of order"),
    "a voter twice": (lambda: relayed([0, 0, 2]), "Index out of order"),
    "a policy that it does not know": (lambda: relayed([0, 1, 2], by=policy(start_voting_round=1)), "hash mismatch"),
    "a round before the policy": (
        lambda: relayed([0, 1, 2], what=message(OLDER_ROUND)),
        "Wrong sign policy reward epoch",
    ),
    "a later round by a fifth too little": (lambda: relayed([1, 2], what=message(LATER_ROUND)), "Not enough weight"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_relay_refuses(relay: LocalRelay, case: str) -> None:
    calldata, reason = REFUSED[case]
    with pytest.raises(Web3Exception, match=reason):
        relay.call(calldata())


def test_a_signature_counts_only_for_the_voter_at_its_index(relay: LocalRelay) -> None:
    # Given voter 3's signature in the place of voter 2
    stolen = VOTERS[3].sign(message().hash, 3)
    misplaced = PolicySignature(stolen.v, stolen.r, stolen.s, index=2).encode()
    signatures = signed_by(message().hash, [0, 1]) + misplaced
    # Then it is refused
    with pytest.raises(Web3Exception, match="Wrong signature"):
        relay.call(RelayedRoot(policy().encode(), message().encode(), signatures).encode())


def test_an_older_policy_signs_a_later_round_only_with_a_fifth_more_weight(relay: LocalRelay) -> None:
    # Given no policy for the round's reward epoch: 170 x 1.2 = 204 must be passed
    later = message(LATER_ROUND)
    # Then 220 is enough, where 200 is enough for a round of its own
    relay.call(relayed([1, 2, 3], what=later))
    relay.call(relayed([1, 2]))


def test_a_new_policy_must_be_signed_by_the_voters_of_the_last(relay: LocalRelay) -> None:
    # Given the next policy, signed by too few and by enough
    new = policy(8).encode()
    too_few = relay_policy_calldata(policy().encode(), new, signed_by(legacy_hash(new), [2, 3]))
    enough = relay_policy_calldata(policy().encode(), new, signed_by(legacy_hash(new), [0, 1, 2]))
    # Then only enough will do, and the Relay's hash of it is ours
    with pytest.raises(Web3Exception, match="Not enough weight"):
        relay.call(too_few)
    relay.send(enough)
    assert relay.contract.functions.toSigningPolicyHash(8).call() == legacy_hash(new)


def hand_on(relay: LocalRelay, by: SigningPolicy, following: SigningPolicy) -> None:
    new = following.encode()
    relay.send(relay_policy_calldata(by.encode(), new, signed_by(legacy_hash(new), [0, 1, 2])))


def test_a_policy_that_starts_late_leaves_its_first_rounds_to_the_one_before(relay: LocalRelay) -> None:
    # Given a policy that starts five rounds into its reward epoch
    late = policy(8, start_voting_round=LATER_ROUND + 5)
    hand_on(relay, policy(), late)
    # Then the voters of the policy before go on until then, with their own threshold
    relay.call(relayed([1, 2], what=message(LATER_ROUND + 4)))
    for by, voting_round, reason in (
        (late, LATER_ROUND + 4, "Delayed sign policy"),
        (policy(), LATER_ROUND + 5, "Must use new sign policy"),
    ):
        with pytest.raises(Web3Exception, match=reason):
            relay.call(relayed([0, 1, 2], by=by, what=message(voting_round)))


def test_a_message_of_more_than_ten_reward_epochs_ago_is_too_old(relay: LocalRelay) -> None:
    # Given ten more policies
    for reward_epoch in range(7, 17):
        hand_on(relay, policy(reward_epoch), policy(reward_epoch + 1))
    # Then a round of the first reward epoch is still taken
    relay.call(relayed([0, 1, 2]))
    # And no longer after one more
    hand_on(relay, policy(17), policy(18))
    with pytest.raises(Web3Exception, match="Message too old"):
        relay.call(relayed([0, 1, 2]))


def test_a_policy_that_starts_early_takes_no_rounds_from_the_one_before(relay: LocalRelay) -> None:
    # Given a policy that starts with the one before it
    early = policy(8, start_voting_round=7 * ROUNDS_PER_REWARD_EPOCH)
    hand_on(relay, policy(), early)
    # Then each has the rounds of its own reward epoch
    relay.call(relayed([0, 1, 2]))
    with pytest.raises(Web3Exception, match="Wrong sign policy reward epoch"):
        relay.call(relayed([0, 1, 2], by=early))
    relay.call(relayed([0, 1, 2], by=early, what=message(LATER_ROUND)))


def test_a_voter_with_the_address_0_is_confirmed_in_a_policy(relay: LocalRelay) -> None:
    nobody = replace(policy(8), voters=(*policy(8).voters[:3], Voter(bytes(20), WEIGHTS[3])))
    hand_on(relay, policy(), nobody)
    relay.call(relayed([0, 1, 2], by=nobody, what=message(LATER_ROUND)))


def test_a_signature_with_a_high_s_counts(relay: LocalRelay) -> None:
    # Given a signature in its second form
    made = VOTERS[1].sign(message().hash, 1)
    other = replace(made, v=55 - made.v, s=(CURVE_ORDER - int.from_bytes(made.s)).to_bytes(32)).encode()
    signatures = signed_by(message().hash, [0]) + other + signed_by(message().hash, [2])
    # Then it counts like the first
    relay.call(RelayedRoot(policy().encode(), message().encode(), signatures).encode())


CUSTOM_MESSAGES: Final = ["protocol 1 with a round", "protocol 1"]
"""The local Relay has no rules of its own for protocol 1, which nothing here uses."""


def test_the_local_relay_answers_as_flares_relay_did(web3: Web3, relay_of: Callable[[bytes], LocalRelay]) -> None:
    # Given every call that was made to Flare's own Relay
    recording = recorded_outcomes()
    local = relay_of(bytes.fromhex(recording.first_policy))
    differences = []
    for outcome in recording.outcomes:
        # When it is made to the local one, after the same calls as there
        before = web3.provider.make_request("evm_snapshot", [])["result"]  # type: ignore[arg-type]
        for name in outcome.after:
            local.send(bytes.fromhex(recording.named(name).calldata))
        try:
            local.call(bytes.fromhex(outcome.calldata))
            is_confirmed = True
        except Web3Exception:
            is_confirmed = False
        web3.provider.make_request("evm_revert", [before])  # type: ignore[arg-type]
        if is_confirmed != outcome.is_confirmed:
            differences.append(outcome.name)
    # Then both confirm and refuse the same
    assert differences == CUSTOM_MESSAGES


def test_two_requests_that_wait_at_the_same_time_are_both_mined(web3: Web3) -> None:
    # Given the adapter on a chain that does not mine for a while
    deployment = deploy_flare()
    web3.provider.make_request("evm_setIntervalMining", [0])  # type: ignore[arg-type]
    signer = KmsEvmSigner(KmsKey(cast("Any", MemoryKms()), "key-1"))
    fund(signer.address)
    flare = Web3Flare.at(str(web3.provider.endpoint_uri), deployment.registry, signer)  # type: ignore[attr-defined]
    target = AttestationTarget("PublicWeb2", "https://statements.flareflow.test/v1/statements/")
    # When two requests are sent, the first of them twice
    submissions = []
    for epoch in (1, 2):
        submissions.append(flare.prepare(target.request(epoch, [epoch] * 9)))
        flare.send(submissions[-1])
    flare.send(submissions[0])
    assert [flare.mined(one) for one in submissions] == [None, None]
    web3.provider.make_request("evm_mine", [])  # type: ignore[arg-type]
    # Then both are mined in the round that it is, none was overtaken, and sending once more does no harm
    flare.send(submissions[0])
    assert [mined.voting_round for one in submissions if (mined := flare.mined(one))] == [flare.current_round()] * 2
    assert not any(flare.is_overtaken(one) for one in submissions)
