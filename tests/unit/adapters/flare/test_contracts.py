"""Requests, receipts, roots and signing policies, as a Flare node reports them."""

import pytest
from eth_abi.abi import decode, encode
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from flareflow.adapters.flare.contracts import (
    FEE_WEI_MAX,
    FINALIZATION_STRETCHES_MAX,
    LOG_BLOCKS_MAX,
    POLICY_DATA_TYPES,
    POLICY_TOPIC,
    RELAYED_TOPIC,
    SIGN_POLICY_SELECTOR,
    SIGNED_TOPIC,
)
from flareflow.attestation.models import Finalization, Submission
from flareflow.attestation.ports import Mined, PolicySighting, RequestRevertedError
from flareflow.attestation.relay import FDC_PROTOCOL_ID, RelayedRoot, RootMessage
from flareflow.attestation.signing_policy import SigningPolicy, Voter
from flareflow.errors import FlareUnavailableError
from tests.unit.adapters.flare.node import ADDRESSES, CHAIN_ID, ROUND_SECONDS, FlareNode, selector

REQUEST = b"\xab" * 100
SUBMITTED = Submission(REQUEST, b"signed", b"\x05" * 32, nonce=5)
POLICY = SigningPolicy(9, 2_160, 60, bytes(32), (Voter(b"\x01" * 20, 100),))
ROUND = 700
VRS = b"\x1b" + b"\x02" * 32 + b"\x03" * 32


def relay(node: FlareNode, block: int, voting_round: int = ROUND, protocol_id: int = FDC_PROTOCOL_ID) -> Finalization:
    """Finalize a round in a block; what the adapter should find."""
    message = RootMessage(protocol_id, voting_round, is_secure_random=False, merkle_root=b"\x07" * 32).encode()
    calldata = RelayedRoot(POLICY.encode(), message, b"\x1c" * 67).encode()
    topics = [RELAYED_TOPIC, protocol_id.to_bytes(32), voting_round.to_bytes(32)]
    transaction_hash = node.emit("Relay", block, topics, encode(["bool", "bytes32"], [False, b"\x07" * 32]), calldata)
    return Finalization(transaction_hash, POLICY.reward_epoch, message, b"\x1c" * 67)


def test_a_request_pays_the_live_fee_to_the_hub_with_the_next_nonce_after_pending_ones() -> None:
    # Given an account with two requests on their way
    node = FlareNode(fee_wei=10**18, nonces={"latest": 5, "pending": 7})
    # When a request is prepared
    submission = node.flare.prepare(REQUEST)
    # Then it follows on them, pays the fee, and is not sent yet
    fields = TypedTransaction.from_bytes(HexBytes(submission.transaction)).as_dict()
    assert (submission.nonce, fields["nonce"], fields["value"], fields["chainId"]) == (7, 7, 10**18, CHAIN_ID)
    assert bytes(fields["to"]).hex() == ADDRESSES["FdcHub"][2:]
    assert bytes(fields["data"])[:4] == selector("requestAttestation(bytes)")
    assert decode(["bytes"], bytes(fields["data"])[4:]) == (REQUEST,)
    assert node.sent == []


def test_a_fee_up_to_the_cap_is_paid_and_one_above_it_is_not() -> None:
    assert FlareNode(fee_wei=FEE_WEI_MAX).flare.prepare(REQUEST).request == REQUEST
    with pytest.raises(FlareUnavailableError, match="at most"):
        FlareNode(fee_wei=FEE_WEI_MAX + 1).flare.prepare(REQUEST)


@pytest.mark.parametrize("message", ["already known", "nonce too low: next nonce 6, tx nonce 5"])
def test_a_request_that_was_sent_before_may_be_sent_again(message: str) -> None:
    FlareNode(refusal=message).flare.send(SUBMITTED)


@pytest.mark.parametrize("message", ["insufficient funds for gas * price + value", "transaction underpriced"])
def test_a_request_that_the_node_refuses_means_that_flare_is_unavailable(message: str) -> None:
    with pytest.raises(FlareUnavailableError, match=message.split(maxsplit=1)[0]):
        FlareNode(refusal=message).flare.send(SUBMITTED)


def test_a_request_is_sent_with_the_prepared_bytes() -> None:
    node = FlareNode()
    node.flare.send(SUBMITTED)
    assert node.sent == [b"signed"]


def test_a_request_that_waits_is_not_mined() -> None:
    assert FlareNode().flare.mined(SUBMITTED) is None


def test_a_mined_request_is_in_the_round_of_its_blocks_time() -> None:
    # Given blocks of 2 s and rounds of 90 s: block 89 is the second before round 2, block 90 its first
    node = FlareNode()
    for block, voting_round in ((89, 1), (90, 2)):
        node.mine(SUBMITTED.transaction_hash, block)
        assert node.flare.mined(SUBMITTED) == Mined(block, voting_round)
    assert ROUND_SECONDS == 90


def test_a_reverted_request_is_an_error_and_not_mined() -> None:
    node = FlareNode()
    node.mine(SUBMITTED.transaction_hash, 89, status=0)
    with pytest.raises(RequestRevertedError, match=SUBMITTED.transaction_hash.hex()):
        node.flare.mined(SUBMITTED)


@pytest.mark.parametrize(("used", "is_overtaken"), [(5, False), (6, True)])
def test_a_request_is_overtaken_when_another_used_its_nonce(used: int, is_overtaken: bool) -> None:
    # Given an account that has used its nonces below `used`, and has others pending
    node = FlareNode(nonces={"latest": used, "pending": 9})
    assert node.flare.is_overtaken(SUBMITTED) is is_overtaken
    # When the request itself was mined, then it is not overtaken
    node.mine(SUBMITTED.transaction_hash, 89)
    assert not node.flare.is_overtaken(SUBMITTED)


def test_a_round_that_is_not_final_has_no_finalization() -> None:
    node = FlareNode(finalized=False)
    relay(node, 900)
    assert node.flare.finalization(ROUND, 900) is None
    assert node.log_ranges == []


def test_a_finalization_is_found_however_many_stretches_later() -> None:
    # Given a final round whose transaction is in the last block that is searched; other rounds and protocols before
    from_block = 100
    last = from_block + LOG_BLOCKS_MAX * FINALIZATION_STRETCHES_MAX - 1
    node = FlareNode(head=last + 500, finalized=True)
    relay(node, from_block, voting_round=ROUND - 1)
    relay(node, from_block, protocol_id=100)
    expected = relay(node, last)
    # When it is searched for
    found = node.flare.finalization(ROUND, from_block)
    # Then it is found, and every block was looked at once
    assert found == expected
    firsts, lasts = zip(*node.log_ranges, strict=True)
    assert firsts == (from_block, *(end + 1 for end in lasts[:-1]))
    assert lasts[-1] == last


@pytest.mark.parametrize("beyond", [1, 400])
def test_a_finalization_beyond_the_blocks_that_are_searched_is_an_outage(beyond: int) -> None:
    last = 100 + LOG_BLOCKS_MAX * FINALIZATION_STRETCHES_MAX - 1
    node = FlareNode(head=last + 500, finalized=True)
    relay(node, last + beyond)
    with pytest.raises(FlareUnavailableError, match="not found"):
        node.flare.finalization(ROUND, 100)
    assert len(node.log_ranges) == FINALIZATION_STRETCHES_MAX


def test_the_last_stretch_ends_at_the_head() -> None:
    node = FlareNode(head=135, finalized=True)
    expected = relay(node, 135)
    assert node.flare.finalization(ROUND, 100) == expected
    assert node.log_ranges == [(100, 129), (130, 135)]


def policy_data() -> bytes:
    return encode(POLICY_DATA_TYPES, [2_160, 60, 1, ["0x" + "01" * 20], [100], POLICY.encode(), 0])


def test_policies_and_their_signatures_are_read_in_a_bounded_stretch() -> None:
    # Given a policy, a voter's signature of it, one that came through another contract, and a policy too far ahead
    node = FlareNode(head=1_000)
    node.emit("Relay", 501, [POLICY_TOPIC, (9).to_bytes(32)], policy_data(), b"")
    node.emit("Relay", 501 + LOG_BLOCKS_MAX, [POLICY_TOPIC, (10).to_bytes(32)], policy_data(), b"")
    voter = b"\x01" * 20
    signing = encode(["uint24", "bytes32", "(uint8,bytes32,bytes32)"], [9, bytes(32), (27, VRS[1:33], VRS[33:])])
    topics = [SIGNED_TOPIC, (9).to_bytes(32), bytes(12) + voter, bytes(12) + b"\x02" * 20]
    node.emit("FlareSystemsManager", 500 + LOG_BLOCKS_MAX, topics, b"", SIGN_POLICY_SELECTOR + signing)
    node.emit("FlareSystemsManager", 510, topics, b"", b"\x01\x02\x03\x04" + signing)
    # When the blocks after 500 are read
    sighting = node.flare.policies(500)
    # Then the stretch has the 30 blocks that a public node gives, and what it can read of them
    assert sighting == PolicySighting(500 + LOG_BLOCKS_MAX, (POLICY.encode(),), ((9, voter, VRS),))


def test_policies_are_read_up_to_the_head() -> None:
    assert FlareNode(head=510).flare.policies(500).through_block == 510


@pytest.mark.parametrize("after", [510, 511])
def test_without_new_blocks_nothing_is_read(after: int) -> None:
    node = FlareNode(head=510)
    assert node.flare.policies(after) == PolicySighting(after, (), ())
    assert node.log_ranges == []
