"""Transactions on Flow: built, signed and sent with flow-py-sdk, followed over REST.

Only the SDK's encoding and sending are used. Its `to_signed_grpc` adds the signatures again at each call, and it
computes no transaction ids; therefore a transaction is signed here, once, and its bytes are kept.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha3_256
from typing import Final, Protocol

import rlp
from flow_py_sdk import ProposalKey, Tx, cadence, flow_client
from flow_py_sdk.proto.flow.entities import Transaction
from flow_py_sdk.signer.signer import TransactionDomainTag
from flow_py_sdk.tx import TxSignature
from grpclib.const import Status
from grpclib.exceptions import GRPCError, StreamTerminatedError

from flareflow.adapters.flow.cadence import cadence_code
from flareflow.adapters.flow.contracts import STATEMENT_TRIGGER
from flareflow.adapters.flow.json_cdc import Argument, array, string, uint64, uint256
from flareflow.adapters.flow.rest import TIMEOUT_SECONDS, FlowRest, TransactionResult
from flareflow.errors import BrokenRuleError, FlowNotFoundError, FlowUnavailableError
from flareflow.settlement.transactions import (
    Call,
    DeliverStatement,
    Progress,
    RollPolicies,
    SettlePage,
    SignedTransaction,
    Stage,
)

COMPUTATION_LIMIT: Final = 9_999
"""The network's maximum, in computation units; only what is used is paid."""
EXPIRY_BLOCKS: Final = 600
"""A transaction can be executed up to this many blocks after its reference block."""
EXPIRY_MARGIN_BLOCKS: Final = 60
"""Blocks that must be sealed beyond the last possible one before a transaction is taken for expired."""
PROPOSER_KEYS_MAX: Final = 20
REASON_CHARACTERS_MAX: Final = 500

_PAYER_SIGNER_INDEX: Final = 0
_ERROR_CODE: Final = re.compile(r"\[Error Code: (\d+)\]")
_VOID_CODES: Final = {1003, 1007}
"""1003: expired. 1007: the sequence number is not the next one. Such a transaction never has an effect."""


class FlowSigner(Protocol):
    """Signs with an account's P-256 key."""

    @property
    def public_key(self) -> bytes:
        """X and Y, 64 bytes."""

    @property
    def hash_algorithm(self) -> str:
        """What the key must be registered with on the account: `SHA2_256` or `SHA3_256`."""

    def sign(self, message: bytes) -> bytes:
        """r and s, 64 bytes, over the message's hash by `hash_algorithm`."""


@dataclass(frozen=True, slots=True)
class SoleSigner:
    """An account that proposes and pays for its own transactions, with the key of full weight at `key_index`."""

    rest: FlowRest
    address: str
    key_index: int
    signer: FlowSigner

    def sign(self, code: str, arguments: Sequence[Argument], *, is_authorizer: bool) -> tuple[Tx, int]:
        """A signed transaction, and the height of its reference block."""
        key = self.rest.account_key(self.address, self.key_index)
        block = self.rest.latest_final_block()
        payer = cadence.Address.from_hex(self.address)
        proposal = ProposalKey(key_address=payer, key_id=self.key_index, key_sequence_number=key.sequence_number)
        transaction = Tx(code=code, reference_block_id=bytes.fromhex(block.id), payer=payer, proposal_key=proposal)
        transaction.with_gas_limit(COMPUTATION_LIMIT)
        if is_authorizer:
            transaction.add_authorizers(payer)
        transaction.arguments = [argument.as_json() for argument in arguments]
        signature = self.signer.sign(bytes(TransactionDomainTag) + transaction.envelope_message())
        transaction.envelope_signatures = [TxSignature(payer, self.key_index, _PAYER_SIGNER_INDEX, signature)]
        return transaction, block.height


@dataclass(frozen=True, slots=True)
class AccessNode:
    """The address of Flow's gRPC Access API."""

    host: str
    port: int

    @classmethod
    def parse(cls, address: str) -> "AccessNode":
        """From `host:port`."""
        host, _, port = address.rpartition(":")
        return cls(host, int(port))


@dataclass(frozen=True, slots=True)
class FlowTransactions:
    """`Flow` over an access node. The operator account proposes and pays; the contracts give it no rights.

    Of its storage only a settlement in dollars uses something: the FLOW that the price oracle asks for.
    """

    rest: FlowRest
    access: AccessNode
    operator: str
    signer: FlowSigner
    addresses: Mapping[str, str]

    def proposer_keys(self) -> Sequence[int]:
        """Raises BrokenRuleError when all keys of the signer are registered with another hash algorithm than its own.

        Flow would refuse every signature of such a key, in a transaction that is paid for.
        """
        wanted = self.signer.hash_algorithm
        ours = [key for key in self.rest.account_keys(self.operator) if key.signs_alone(self.signer.public_key)]
        usable = [key.index for key in ours if key.hashing_algorithm == wanted]
        if ours and not usable:
            found = ", ".join(sorted({key.hashing_algorithm for key in ours}))
            raise BrokenRuleError(f"the signer's keys on {self.operator} have {found}, and it signs with {wanted}")
        return usable[:PROPOSER_KEYS_MAX]

    def sign(self, call: Call, key_index: int) -> SignedTransaction:
        path, arguments = cadence_call(call)
        code = cadence_code(f"transactions/{path}", self.addresses)
        pays_oracle = isinstance(call, SettlePage) and call.reads_rate
        return self.sign_code(code, arguments, key_index, is_authorizer=pays_oracle)

    def sign_code(
        self, code: str, arguments: Sequence[Argument], key_index: int, *, is_authorizer: bool = False
    ) -> SignedTransaction:
        """A signed transaction of any code; not sent. `is_authorizer` gives it access to the account's storage."""
        account = SoleSigner(self.rest, self.operator, key_index, self.signer)
        signed, height = account.sign(code, arguments, is_authorizer=is_authorizer)
        return SignedTransaction(transaction_id(signed), bytes(signed.to_signed_grpc()), height)

    def send(self, transaction: SignedTransaction) -> str | None:
        try:
            asyncio.run(self._send(transaction.content))
        except GRPCError as error:
            if _is_known_already(error):
                return None
            if error.status is Status.INVALID_ARGUMENT:
                return _shortened(error.message or "refused")
            raise FlowUnavailableError(f"Flow's access node did not take a transaction: {error}") from error
        except (OSError, TimeoutError, StreamTerminatedError) as error:
            raise FlowUnavailableError("Flow's access node cannot be reached") from error
        return None

    async def _send(self, content: bytes) -> None:
        async with flow_client(self.access.host, self.access.port, timeout=TIMEOUT_SECONDS) as client:
            await client.send_transaction(transaction=Transaction().parse(content))

    def progress(self, transaction: SignedTransaction) -> Progress:
        try:
            progress = _progress(self.rest.transaction_result(transaction.id))
        except FlowNotFoundError:
            progress = Progress(Stage.UNKNOWN)
        if progress.stage is Stage.UNKNOWN and self._has_expired(transaction):
            return Progress(Stage.VOID, "expired before the node knew of it")
        return progress

    def _has_expired(self, transaction: SignedTransaction) -> bool:
        last_height = transaction.reference_height + EXPIRY_BLOCKS + EXPIRY_MARGIN_BLOCKS
        return self.rest.latest_sealed_block().height > last_height


def cadence_call(call: Call) -> tuple[str, list[Argument]]:
    """The file under `infra/cadence/transactions` and the arguments of a call."""
    match call:
        case RollPolicies():
            return "flare/roll_signing_policies.cdc", _rolling(call)
        case DeliverStatement():
            return "flare/deliver_statement.cdc", _delivering(call)
        case SettlePage(reads_rate=True):
            return "subscriptions/settle_page_in_dollars.cdc", _settling(call)
        case SettlePage():
            return "subscriptions/settle_page.cdc", _settling(call)


def _rolling(call: RollPolicies) -> list[Argument]:
    return [
        array(string, [policy.policy.hex() for policy in call.policies]),
        array(string, [policy.signatures.hex() for policy in call.policies]),
    ]


def _delivering(call: DeliverStatement) -> list[Argument]:
    attestation = call.attestation
    finalization, proof = attestation.finalization, attestation.proof
    if finalization is None or proof is None:
        raise ValueError(f"the attestation of epoch {attestation.epoch} is not proven")
    return [
        uint64(finalization.reward_epoch),
        string(finalization.message.hex()),
        string(finalization.signatures.hex()),
        string(STATEMENT_TRIGGER),
        uint64(proof.voting_round),
        uint64(proof.lowest_used_timestamp),
        uint64(attestation.epoch),
        array(uint256, attestation.words),
        array(string, [sibling.hex() for sibling in proof.siblings]),
    ]


def _settling(call: SettlePage) -> list[Argument]:
    return [
        uint64(call.epoch),
        uint64(call.page),
        array(uint64, call.ids),
        array(uint64, call.rated_microtokens),
        array(string, [sibling.hex() for sibling in call.path]),
    ]


def transaction_id(transaction: Tx) -> str:
    """Flow's id of a signed transaction: SHA3-256 of its RLP form with all signatures, in hex."""
    signatures = [
        [[_minimal(one.signer_index), _minimal(one.key_id), one.signature] for one in signed]
        for signed in (transaction.payload_signatures, transaction.envelope_signatures)
    ]
    return sha3_256(rlp.encode([transaction._payload_form(), *signatures])).hexdigest()


def _minimal(number: int) -> bytes:
    return number.to_bytes(8, "big").lstrip(b"\0")


def _is_known_already(error: GRPCError) -> bool:
    """Access nodes take the same bytes again; the emulator answers with an error."""
    return error.status is Status.ALREADY_EXISTS or "has already been submitted" in (error.message or "")


def _progress(result: TransactionResult) -> Progress:
    match result.status:
        case "Pending" | "Finalized" | "Executed":
            return Progress(Stage.PENDING)
        case "Expired":
            return Progress(Stage.VOID, "expired")
        case "Sealed":
            return _sealed(result)
        case _:
            return Progress(Stage.UNKNOWN)


def _sealed(result: TransactionResult) -> Progress:
    if result.status_code == 0 and not result.error_message:
        return Progress(Stage.SUCCEEDED)
    codes = {int(code) for code in _ERROR_CODE.findall(result.error_message)}
    stage = Stage.VOID if codes & _VOID_CODES else Stage.FAILED
    return Progress(stage, _shortened(result.error_message))


def _shortened(text: str) -> str:
    return text[:REASON_CHARACTERS_MAX]
