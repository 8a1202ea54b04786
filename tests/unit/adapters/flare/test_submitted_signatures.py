"""Rounds that were finalized through another contract, and the signatures that voters submit themselves."""

from dataclasses import replace
from typing import Final

import pytest
from eth_abi.abi import encode

from flareflow.adapters.flare import contracts
from flareflow.adapters.flare.contracts import POLICIES_BACK_MAX, RELAYED_TOPIC, SUBMISSION_BLOCKS_MAX
from flareflow.adapters.flare.evm_signer import signer_of
from flareflow.attestation.models import IndirectRelay
from flareflow.attestation.relay import (
    FDC_PROTOCOL_ID,
    PolicySignature,
    RelayedRoot,
    RootMessage,
    decode_signatures,
    message_digests,
)
from flareflow.attestation.signing_policy import SigningPolicy, Voter
from flareflow.attestation.submissions import VRS_BYTES
from flareflow.errors import FlareUnavailableError
from flareflow.keccak import keccak256
from infra.local.flare.fdc.rounds import submission_calldata
from infra.local.flare.fdc.voters import VOTERS
from tests.unit.adapters.flare.node import ADDRESSES, ANOTHER_CONTRACT, CHAIN_ID, FlareNode

ROUND: Final = 700
ROOT: Final = b"\x07" * 32
MESSAGE: Final = RootMessage(FDC_PROTOCOL_ID, ROUND, is_secure_random=False, merkle_root=ROOT).encode()
WEIGHTS: Final = (100, 50, 150, 20)
POLICY: Final = SigningPolicy(
    9, 600, 170, bytes(32), tuple(Voter(voter.address, weight) for voter, weight in zip(VOTERS, WEIGHTS, strict=False))
)
RELAYED: Final = IndirectRelay(bytes(32), 9, MESSAGE)


def relay_indirectly(node: FlareNode, to: str | None = ANOTHER_CONTRACT, calldata: bytes = b"forwarded") -> bytes:
    """Finalize the round through another contract; the transaction's hash."""
    topics = [RELAYED_TOPIC, FDC_PROTOCOL_ID.to_bytes(32), ROUND.to_bytes(32)]
    return node.emit("Relay", 920, topics, encode(["bool", "bytes32"], [False, ROOT]), calldata, to=to)


def sign(index: int, message: bytes = MESSAGE, chain_id: int | None = None) -> bytes:
    """A voter's call of the Submission contract; `chain_id` for the chain-bound scheme."""
    bound = b"" if chain_id is None else chain_id.to_bytes(32)
    return submission_calldata(message, VOTERS[index].sign(keccak256(bound + message), index))


def submit(node: FlareNode, block: int, *calls: bytes) -> None:
    for calldata in calls:
        node.transact(block, ADDRESSES["Submission"], calldata)


def collected(node: FlareNode) -> list[PolicySignature]:
    return list(decode_signatures(node.flare.submitted_signatures(RELAYED, POLICY, 900)))


@pytest.mark.parametrize("to", [ANOTHER_CONTRACT, None], ids=["a call", "a creation"])
def test_a_round_that_another_contract_finalized_is_found_without_its_signatures(to: str | None) -> None:
    # Given a policy that starts right after the round, and the one before
    node = FlareNode(finalized=True, policy_starts={9: 600, 10: ROUND + 1})
    transaction_hash = relay_indirectly(node, to)
    assert node.flare.finalization(ROUND, 900) == IndirectRelay(transaction_hash, 9, MESSAGE)


def test_a_call_of_another_contract_that_looks_like_one_of_the_relay_is_not_believed() -> None:
    # Given another contract that was called with the Relay's calldata of another root
    node = FlareNode(finalized=True, policy_starts={9: 600})
    other = RootMessage(FDC_PROTOCOL_ID, ROUND, is_secure_random=False, merkle_root=b"\x08" * 32).encode()
    transaction_hash = relay_indirectly(node, calldata=RelayedRoot(POLICY.encode(), other, b"\x1c" * 67).encode())
    # Then the round has the root that the Relay's event tells
    assert node.flare.finalization(ROUND, 900) == IndirectRelay(transaction_hash, 9, MESSAGE)


@pytest.mark.parametrize(("policies_after", "is_found"), [(POLICIES_BACK_MAX - 1, True), (POLICIES_BACK_MAX, False)])
def test_the_policy_of_an_indirectly_finalized_round_is_one_of_the_newest(policies_after: int, is_found: bool) -> None:
    later = {9 + ahead: ROUND + ahead for ahead in range(1, policies_after + 1)}
    node = FlareNode(finalized=True, policy_starts={9: ROUND} | later)
    transaction_hash = relay_indirectly(node)
    if is_found:
        assert node.flare.finalization(ROUND, 900) == IndirectRelay(transaction_hash, 9, MESSAGE)
        return
    with pytest.raises(FlareUnavailableError, match="no recent signing policy"):
        node.flare.finalization(ROUND, 900)


@pytest.mark.parametrize("chain_id", [None, CHAIN_ID], ids=["today's scheme", "the chain-bound scheme"])
def test_a_quorum_is_collected_from_what_voters_submit(chain_id: int | None) -> None:
    # Given submissions of voters 3, 0, 1 and 2, weights 20 + 100 + 50 + 150, where more than 170 is wanted
    node = FlareNode(head=1_000)
    for block, index in ((930, 3), (931, 0), (931, 1), (935, 2)):
        submit(node, block, sign(index, chain_id=chain_id))
    # When the signatures are collected
    signatures = collected(node)
    # Then all four are needed, and stand in the order of the voters
    assert [one.index for one in signatures] == [0, 1, 2, 3]
    digest = message_digests(MESSAGE, CHAIN_ID)[0 if chain_id is None else 1]
    signers = [signer_of(digest, one.encode()[:VRS_BYTES]) for one in signatures]
    assert signers == [voter.address for voter in POLICY.voters]


def test_no_more_signatures_are_collected_than_make_a_quorum() -> None:
    node = FlareNode(head=1_000)
    submit(node, 930, sign(2), sign(1), sign(0))
    assert [one.index for one in collected(node)] == [1, 2]


def test_what_is_not_a_voters_signature_of_the_root_does_not_count() -> None:
    # Given 170 of the weight, which is not more than the threshold, one of it twice
    node = FlareNode(head=1_000)
    submit(node, 930, sign(2), sign(3), sign(2))
    # And of the voter who would be enough: the signature of another root, of another round, sent to another contract,
    # cut short, with a wrong v; and a stranger's
    another_root, another_round = MESSAGE[:-1] + b"\xff", MESSAGE[:4] + b"\xff" + MESSAGE[5:]
    submit(node, 931, sign(0, another_root), sign(0, another_round), sign(0)[:-1], sign(4))
    submit(node, 931, submission_calldata(MESSAGE, replace(VOTERS[0].sign(keccak256(MESSAGE), 0), v=26)))
    node.transact(932, ANOTHER_CONTRACT, sign(0))
    # Then there is no quorum
    with pytest.raises(FlareUnavailableError, match="too few signatures"):
        collected(node)
    # Until the voter submits
    submit(node, 933, sign(0))
    assert [one.index for one in collected(node)] == [0, 2, 3]


@pytest.mark.parametrize(("block", "is_found"), [(SUBMISSION_BLOCKS_MAX - 1, True), (SUBMISSION_BLOCKS_MAX, False)])
def test_submissions_are_read_in_a_bounded_number_of_blocks(block: int, is_found: bool) -> None:
    node = FlareNode(head=2_000)
    submit(node, 900 + block, sign(2), sign(0))
    if is_found:
        assert len(collected(node)) == 2
        return
    with pytest.raises(FlareUnavailableError, match="too few signatures"):
        collected(node)


@pytest.mark.parametrize(("limit", "is_found"), [(5, True), (4, False)])
def test_a_flood_of_submissions_is_read_up_to_a_limit(
    monkeypatch: pytest.MonkeyPatch, limit: int, is_found: bool
) -> None:
    # Given three submissions that count for nobody before those of two voters
    monkeypatch.setattr(contracts, "SUBMISSIONS_MAX", limit)
    node = FlareNode(head=1_000)
    submit(node, 910, *(submission_calldata(MESSAGE, PolicySignature(27, bytes(32), bytes(32), n)) for n in range(3)))
    submit(node, 930, sign(2), sign(0))
    # Then the fifth is read only within the limit
    if is_found:
        assert len(collected(node)) == 2
        return
    with pytest.raises(FlareUnavailableError, match="too few signatures"):
        collected(node)
