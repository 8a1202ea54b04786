"""Transactions on Flow: how they are signed and sent, and what their results mean."""

from dataclasses import dataclass, field, replace

import httpx
import pytest
from flow_py_sdk.proto.flow.entities import Transaction
from grpclib.const import Status
from grpclib.exceptions import GRPCError, StreamTerminatedError

from flareflow.adapters.flow.cadence import cadence_code, contract_addresses
from flareflow.adapters.flow.transactions import (
    EXPIRY_BLOCKS,
    EXPIRY_MARGIN_BLOCKS,
    PROPOSER_KEYS_MAX,
    AccessNode,
    FlowTransactions,
)
from flareflow.errors import BrokenRuleError, FlowRefusedError, FlowUnavailableError
from flareflow.settlement.transactions import Progress, SettlePage, SignedTransaction, Stage
from tests.unit.adapters.flow.node import (
    FINAL_BLOCK,
    NOT_FOUND,
    NOT_READY,
    UNAVAILABLE,
    Node,
    account_key,
    result,
)

OPERATOR = "0xf8d6e0586b0a20c7"
OURS = b"\x01" * 64
FOREIGN = b"\x02" * 64
REFERENCE_HEIGHT = 1_000
LAST_HEIGHT = REFERENCE_HEIGHT + EXPIRY_BLOCKS + EXPIRY_MARGIN_BLOCKS
SENT = SignedTransaction("ab" * 32, b"content", REFERENCE_HEIGHT)
PAGE = SettlePage(7, 0, (1,), (1_000,), ())
WRONG_SEQUENCE = "[Error Code: 1007] error caused by: invalid proposal key: sequence number 7, but given 6"
PANIC = "[Error Code: 1101] error caused by: cadence runtime error: panic: no such root"


@dataclass
class Signer:
    """Signs with a constant; keeps what it was given."""

    public_key: bytes = OURS
    hash_algorithm: str = "SHA2_256"
    signed: list[bytes] = field(default_factory=list)

    def sign(self, message: bytes) -> bytes:
        self.signed.append(message)
        return b"\x07" * 64


def flow(node: Node, signer: Signer | None = None) -> FlowTransactions:
    addresses = contract_addresses("emulator", OPERATOR)
    return FlowTransactions(node.rest, AccessNode("flow.test", 9000), OPERATOR, signer or Signer(), addresses)


@pytest.mark.parametrize("status", ["Pending", "Finalized", "Executed"])
def test_a_transaction_is_pending_until_its_block_is_sealed(status: str) -> None:
    assert flow(Node(result=result(status))).progress(SENT) == Progress(Stage.PENDING)


def test_a_sealed_transaction_without_an_error_succeeded() -> None:
    assert flow(Node(result=result("Sealed"))).progress(SENT) == Progress(Stage.SUCCEEDED)


@pytest.mark.parametrize("sealed", [result("Sealed", 1, PANIC), result("Sealed", 0, PANIC)])
def test_a_sealed_transaction_with_an_error_failed_with_its_message(sealed: httpx.Response) -> None:
    assert flow(Node(result=sealed)).progress(SENT) == Progress(Stage.FAILED, PANIC)


def test_a_status_code_without_a_message_is_a_failure_too() -> None:
    assert flow(Node(result=result("Sealed", 1))).progress(SENT) == Progress(Stage.FAILED)


@pytest.mark.parametrize("message", [WRONG_SEQUENCE, "[Error Code: 1003] transaction is expired"])
def test_a_sealed_transaction_that_could_not_begin_is_void(message: str) -> None:
    assert flow(Node(result=result("Sealed", 1, message))).progress(SENT) == Progress(Stage.VOID, message)


def test_an_expired_transaction_is_void() -> None:
    assert flow(Node(result=result("Expired"))).progress(SENT).stage is Stage.VOID


@pytest.mark.parametrize("unknown", [result(""), result("Unknown"), NOT_FOUND])
def test_a_transaction_that_the_node_does_not_know_is_unknown_and_void_only_after_it_expired(
    unknown: httpx.Response,
) -> None:
    # Given a node that does not know the transaction, at the last sealed height at which it may still be executed
    node = Node(result=unknown, sealed_height=LAST_HEIGHT)
    # When finalized blocks are ahead of that, then it may still come
    node.final_height = LAST_HEIGHT + 100
    assert flow(node).progress(SENT) == Progress(Stage.UNKNOWN)
    # When one more block is sealed, then it never comes
    node.sealed_height = LAST_HEIGHT + 1
    assert flow(node).progress(SENT).stage is Stage.VOID


@pytest.mark.parametrize(("failing", "error"), [(UNAVAILABLE, FlowUnavailableError), (NOT_READY, FlowRefusedError)])
def test_a_node_that_cannot_tell_does_not_make_a_transaction_void(
    failing: httpx.Response, error: type[Exception]
) -> None:
    # Given a transaction that has long expired
    node = Node(result=failing, sealed_height=10 * LAST_HEIGHT)
    # When the node cannot give its result now, then nothing is concluded
    with pytest.raises(error) as raised:
        flow(node).progress(SENT)
    assert raised.type is error


def test_keys_that_are_revoked_foreign_or_too_light_do_not_propose() -> None:
    # Given an account with keys of every kind, two of them ours and usable
    keys = [
        account_key(0, OURS, revoked=True),
        account_key(1, FOREIGN),
        account_key(2, OURS, weight="999"),
        account_key(3, OURS),
        account_key(4, OURS, weight="1000"),
    ]
    # Then only these two propose
    assert list(flow(Node(keys=keys)).proposer_keys()) == [3, 4]


def test_a_key_that_is_registered_with_another_hash_algorithm_does_not_propose() -> None:
    # Given two keys of ours, of which one is registered with SHA3
    keys = [account_key(0, OURS, hashing_algorithm="SHA3_256"), account_key(1, OURS)]
    # Then only the other proposes
    assert list(flow(Node(keys=keys)).proposer_keys()) == [1]
    # And without it, the account and the signer do not fit
    with pytest.raises(BrokenRuleError, match=f"keys on {OPERATOR} have SHA3_256, and it signs with SHA2_256"):
        flow(Node(keys=keys[:1])).proposer_keys()


def test_no_more_keys_propose_than_the_limit() -> None:
    keys = [account_key(index, OURS) for index in range(PROPOSER_KEYS_MAX + 1)]
    assert list(flow(Node(keys=keys)).proposer_keys()) == list(range(PROPOSER_KEYS_MAX))


def test_a_transaction_refers_to_the_latest_final_block_and_has_its_keys_next_sequence_number() -> None:
    # Given a node whose finalized blocks are ahead of its sealed ones
    node = Node(sealed_height=1_000, final_height=1_010)
    node.keys = [account_key(0, OURS, sequence_number="5"), account_key(1, OURS, sequence_number="9")]
    # When a page is signed by the second key
    signed = flow(node).sign(PAGE, 1)
    # Then it is built on the finalized block, and its sequence number is that key's
    sent = Transaction().parse(signed.content)
    assert signed.reference_height == 1_010
    assert sent.reference_block_id.hex() == FINAL_BLOCK
    assert (sent.proposal_key.key_id, sent.proposal_key.sequence_number) == (1, 9)
    assert sent.script.decode() == cadence_code("transactions/subscriptions/settle_page.cdc", flow(node).addresses)


def test_a_transaction_is_signed_once_by_its_payer_and_authorized_by_nobody() -> None:
    signer = Signer()
    sent = Transaction().parse(flow(Node(keys=[account_key(0, OURS)]), signer).sign(PAGE, 0).content)
    assert len(signer.signed) == 1
    assert [one.signature for one in sent.envelope_signatures] == [b"\x07" * 64]
    assert (sent.payload_signatures, sent.authorizers) == ([], [])


def test_only_a_settlement_that_pays_the_price_oracle_may_use_the_operators_storage() -> None:
    operator, page = flow(Node(keys=[account_key(0, OURS)])), replace(PAGE, reads_rate=True)
    sent = Transaction().parse(operator.sign(page, 0).content)
    code = cadence_code("transactions/subscriptions/settle_page_in_dollars.cdc", operator.addresses)
    assert sent.script.decode() == code
    assert [authorizer.hex() for authorizer in sent.authorizers] == [OPERATOR.removeprefix("0x")]


def sending(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> str | None:
    """The outcome of sending to a node that answers so."""

    async def send(_: FlowTransactions, content: bytes) -> None:
        assert content == SENT.content
        if error is not None:
            raise error

    monkeypatch.setattr(FlowTransactions, "_send", send)
    return flow(Node()).send(SENT)


@pytest.mark.parametrize(
    "error",
    [
        None,
        GRPCError(Status.ALREADY_EXISTS, "transaction already exists"),
        GRPCError(Status.UNKNOWN, "transaction with ID ab has already been submitted"),
    ],
)
def test_a_transaction_that_the_node_has_already_is_sent(
    monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    assert sending(monkeypatch, error) is None


def test_a_node_that_finds_a_transaction_invalid_gives_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = sending(monkeypatch, GRPCError(Status.INVALID_ARGUMENT, "invalid signature"))
    assert reason == "invalid signature"


@pytest.mark.parametrize(
    "error",
    [
        GRPCError(Status.UNAVAILABLE, "no connection"),
        GRPCError(Status.RESOURCE_EXHAUSTED, "rate limit"),
        GRPCError(Status.INTERNAL, "failed"),
        StreamTerminatedError("reset"),
        ConnectionRefusedError(),
        TimeoutError(),
    ],
)
def test_an_outage_while_sending_is_no_refusal(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    with pytest.raises(FlowUnavailableError) as raised:
        sending(monkeypatch, error)
    assert raised.type is FlowUnavailableError
