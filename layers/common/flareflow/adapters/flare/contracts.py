"""Flare's contracts over JSON-RPC, with web3.

Addresses come from FlareContractRegistry, fees and the timing of rounds from the contracts, so another network needs
only other settings. Logs are read LOG_BLOCKS_MAX blocks at a time, the most that Flare's public nodes return.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Final, cast

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_typing import Hash32
from hexbytes import HexBytes
from requests import RequestException
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import TransactionNotFound, Web3Exception
from web3.middleware import ExtraDataToPOAMiddleware
from web3.providers.base import BaseProvider
from web3.types import LogReceipt, TxData, TxReceipt

from flareflow.adapters.flare.evm_signer import FeeMarketTransaction, KmsEvmSigner, signer_of
from flareflow.attestation.models import Finalization, IndirectRelay, Submission
from flareflow.attestation.ports import Mined, PolicySighting, RequestRevertedError
from flareflow.attestation.relay import FDC_PROTOCOL_ID, RelayedRoot, RootMessage, message_digests
from flareflow.attestation.signing_policy import SigningPolicy
from flareflow.attestation.submissions import Quorum, submitted_signature
from flareflow.errors import FlareUnavailableError
from flareflow.keccak import keccak256

LOG_BLOCKS_MAX: Final = 30
FINALIZATION_STRETCHES_MAX: Final = 60
POLICIES_BACK_MAX: Final = 3
"""Signing policies, the newest first, of which one must be that of a round that was just finalized."""
SUBMISSION_BLOCKS_MAX: Final = 300
"""Voters submit within two minutes after their round; Flare's blocks are a second or more apart."""
SUBMISSIONS_MAX: Final = 1_000
"""Signatures that are tried for a round, ten times as many as voters: anyone can submit some."""
REQUEST_GAS: Final = 300_000
FEE_WEI_MAX: Final = 200 * 10**18
"""A higher fee is not paid. The most expensive source on Flare costs half of this, 100 FLR."""
PRIORITY_FEE_WEI: Final = 10**9
HTTP_TIMEOUT_SECONDS: Final = 10
SENT_BEFORE: Final = ("already", "nonce too low")
"""In a node's error: it has the transaction, or its nonce was used. `mined` and `is_overtaken` tell which."""

RELAYED_TOPIC: Final = keccak256(b"ProtocolMessageRelayed(uint8,uint32,bool,bytes32)")
POLICY_TOPIC: Final = keccak256(
    b"SigningPolicyInitialized(uint24,uint32,uint16,uint256,address[],uint16[],bytes,uint64)"
)
POLICY_DATA_TYPES: Final = ["uint32", "uint16", "uint256", "address[]", "uint16[]", "bytes", "uint64"]
SIGNED_TOPIC: Final = keccak256(b"SigningPolicySigned(uint24,address,address,uint64,bool)")
SIGN_POLICY_SELECTOR: Final = keccak256(b"signNewSigningPolicy(uint24,bytes32,(uint8,bytes32,bytes32))")[:4]


def _view(name: str, inputs: Sequence[str], *outputs: str) -> dict[str, Any]:
    return {
        "type": "function",
        "name": name,
        "stateMutability": "view",
        "inputs": [{"name": f"_{n}", "type": kind} for n, kind in enumerate(inputs)],
        "outputs": [{"name": "", "type": kind} for kind in outputs],
    }


ABIS: Final = {
    "FlareContractRegistry": [_view("getContractAddressByName", ["string"], "address")],
    "FdcRequestFeeConfigurations": [_view("getRequestFee", ["bytes"], "uint256")],
    "FdcHub": [
        {
            "type": "function",
            "name": "requestAttestation",
            "stateMutability": "payable",
            "inputs": [{"name": "_data", "type": "bytes"}],
            "outputs": [],
        }
    ],
    "FlareSystemsManager": [
        _view("firstVotingRoundStartTs", [], "uint64"),
        _view("votingEpochDurationSeconds", [], "uint64"),
    ],
    "Relay": [
        _view("isFinalized", ["uint256", "uint256"], "bool"),
        _view("lastInitializedRewardEpochData", [], "uint32", "uint32"),
        _view("startingVotingRoundIds", ["uint256"], "uint256"),
    ],
    "Submission": [],
}


@contextmanager
def _translating(what: str) -> Iterator[None]:
    try:
        yield
    except (Web3Exception, RequestException, DecodingError, ValueError, OSError) as error:
        raise FlareUnavailableError(f"Flare's node gave no usable answer about {what}: {error}") from error


def _reward_epoch_of(relay: Contract, voting_round: int) -> int:
    """The reward epoch whose signing policy counts in a round."""
    newest: int = relay.functions.lastInitializedRewardEpochData().call()[0]
    for reward_epoch in range(newest, newest - POLICIES_BACK_MAX, -1):
        if relay.functions.startingVotingRoundIds(reward_epoch).call() <= voting_round:
            return reward_epoch
    raise ValueError(f"no recent signing policy starts before round {voting_round}")


@dataclass(frozen=True)
class Web3Flare:
    """`Flare` over one node's JSON-RPC."""

    web3: Web3
    registry_address: str
    signer: KmsEvmSigner

    @classmethod
    def at(cls, rpc_url: str, registry_address: str, signer: KmsEvmSigner) -> "Web3Flare":
        provider = Web3.HTTPProvider(rpc_url, request_kwargs={"timeout": HTTP_TIMEOUT_SECONDS})
        return cls.over(provider, registry_address, signer)

    @classmethod
    def over(cls, provider: BaseProvider, registry_address: str, signer: KmsEvmSigner) -> "Web3Flare":
        """Blocks of Flare have more extra data than the 32 bytes that web3 allows without the middleware."""
        web3 = Web3(provider)
        web3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
        return cls(web3, registry_address, signer)

    @cached_property
    def _registry(self) -> Contract:
        return self._contract_at(self.registry_address, "FlareContractRegistry")

    def _contract_at(self, address: str, name: str) -> Contract:
        return self.web3.eth.contract(address=Web3.to_checksum_address(address), abi=ABIS[name])

    def contract(self, name: str) -> Contract:
        """One of Flare's contracts where the registry says it is now."""
        address: str = self._registry.functions.getContractAddressByName(name).call()
        return self._contract_at(address, name)

    @cached_property
    def _timing(self) -> tuple[int, int]:
        manager = self.contract("FlareSystemsManager").functions
        return manager.firstVotingRoundStartTs().call(), manager.votingEpochDurationSeconds().call()

    def _round_at(self, timestamp: int) -> int:
        start, duration = self._timing
        return (timestamp - start) // duration

    def prepare(self, request: bytes) -> Submission:
        with _translating("the fee and the nonce"):
            fee_wei: int = self.contract("FdcRequestFeeConfigurations").functions.getRequestFee(request).call()
            if fee_wei > FEE_WEI_MAX:
                raise FlareUnavailableError(f"the fee is {fee_wei} wei, and at most {FEE_WEI_MAX} are paid")
            hub = self.contract("FdcHub")
            # "pending" counts requests that still wait to be mined, so that this one follows them and replaces none.
            nonce = self.web3.eth.get_transaction_count(Web3.to_checksum_address(self.signer.address), "pending")
            transaction = FeeMarketTransaction(
                chain_id=self.web3.eth.chain_id,
                nonce=nonce,
                max_priority_fee_per_gas_wei=PRIORITY_FEE_WEI,
                max_fee_per_gas_wei=2 * self.web3.eth.gas_price + PRIORITY_FEE_WEI,
                gas=REQUEST_GAS,
                to=bytes.fromhex(hub.address.removeprefix("0x")),
                value_wei=fee_wei,
                data=bytes.fromhex(hub.encode_abi("requestAttestation", [request]).removeprefix("0x")),
            )
        signed = transaction.signed_by(self.signer)
        return Submission(request, signed, keccak256(signed), nonce)

    def send(self, submission: Submission) -> None:
        with _translating("a request that was sent"):
            try:
                self.web3.eth.send_raw_transaction(submission.transaction)
            except Web3Exception as error:
                if not any(words in str(error).lower() for words in SENT_BEFORE):
                    raise

    def mined(self, submission: Submission) -> Mined | None:
        with _translating("the receipt of a request"):
            try:
                receipt: TxReceipt = self.web3.eth.get_transaction_receipt(Hash32(submission.transaction_hash))
            except TransactionNotFound:
                return None
            if receipt["status"] != 1:
                raise RequestRevertedError(f"transaction 0x{submission.transaction_hash.hex()}")
            block = receipt["blockNumber"]
            return Mined(block, self._round_at(self.web3.eth.get_block(block)["timestamp"]))

    def is_overtaken(self, submission: Submission) -> bool:
        with _translating("the account's nonce"):
            used = self.web3.eth.get_transaction_count(Web3.to_checksum_address(self.signer.address), "latest")
            return used > submission.nonce and self.mined(submission) is None

    def current_round(self) -> int:
        with _translating("its latest block"):
            return self._round_at(self.web3.eth.get_block("latest")["timestamp"])

    def finalization(self, voting_round: int, from_block: int) -> Finalization | IndirectRelay | None:
        with _translating("the finalization of a round"):
            relay = self.contract("Relay")
            if not relay.functions.isFinalized(FDC_PROTOCOL_ID, voting_round).call():
                return None
            topics = [RELAYED_TOPIC, FDC_PROTOCOL_ID.to_bytes(32), voting_round.to_bytes(32)]
            for first, last in self._stretches(from_block, FINALIZATION_STRETCHES_MAX):
                for log in self._logs(relay, topics, first, last):
                    return self._finalization_of(relay, log, voting_round)
            raise FlareUnavailableError(f"round {voting_round} is final, but its transaction was not found")

    def _finalization_of(self, relay: Contract, log: LogReceipt, voting_round: int) -> Finalization | IndirectRelay:
        transaction_hash = bytes(log["transactionHash"])
        transaction = self.web3.eth.get_transaction(log["transactionHash"])
        if transaction.get("to") != relay.address:
            is_secure_random, root = decode(["bool", "bytes32"], bytes(log["data"]))
            message = RootMessage(FDC_PROTOCOL_ID, voting_round, is_secure_random, root).encode()
            return IndirectRelay(transaction_hash, _reward_epoch_of(relay, voting_round), message)
        relayed = RelayedRoot.decode(bytes(transaction["input"]))
        reward_epoch = SigningPolicy.decode(relayed.policy).reward_epoch
        return Finalization(transaction_hash, reward_epoch, relayed.message, relayed.signatures)

    def submitted_signatures(self, relayed: IndirectRelay, policy: SigningPolicy, from_block: int) -> bytes:
        with _translating("submitted signatures"):
            schemes = [(digest, Quorum(policy)) for digest in message_digests(relayed.message, self.web3.eth.chain_id)]
            for vrs in islice(self._submissions(relayed.message, from_block), SUBMISSIONS_MAX):
                for digest, quorum in schemes:
                    if quorum.add(signer_of(digest, vrs), vrs) and quorum.is_complete:
                        return quorum.encode()
        raise FlareUnavailableError("the voters of a round that was finalized indirectly submitted too few signatures")

    def _submissions(self, message: bytes, from_block: int) -> Iterator[bytes]:
        """Signatures of a message as voters submit them; blocks are read whole, because no event tells of them."""
        submission = self.contract("Submission").address
        for number in range(from_block, self.web3.eth.block_number + 1)[:SUBMISSION_BLOCKS_MAX]:
            for transaction in self.web3.eth.get_block(number, full_transactions=True)["transactions"]:
                call = cast("TxData", transaction)
                if call.get("to") == submission:
                    vrs = submitted_signature(bytes(call["input"]), message)
                    if vrs is not None:
                        yield vrs

    def policies(self, after_block: int) -> PolicySighting:
        with _translating("signing policies"):
            last = min(after_block + LOG_BLOCKS_MAX, self.web3.eth.block_number)
            if last <= after_block:
                return PolicySighting(after_block, (), ())
            first = after_block + 1
            policies = self._logs(self.contract("Relay"), [POLICY_TOPIC], first, last)
            signatures = self._logs(self.contract("FlareSystemsManager"), [SIGNED_TOPIC], first, last)
            return PolicySighting(
                last,
                tuple(decode(POLICY_DATA_TYPES, bytes(log["data"]))[5] for log in policies),
                tuple(self._policy_signatures(signatures)),
            )

    def _policy_signatures(self, logs: Sequence[LogReceipt]) -> Iterator[tuple[int, bytes, bytes]]:
        """Signatures from the calls that emitted the events; a call through another contract is skipped."""
        for log in logs:
            call = bytes(self.web3.eth.get_transaction(log["transactionHash"])["input"])
            if call[:4] == SIGN_POLICY_SELECTOR:
                reward_epoch, _, (v, r, s) = decode(["uint24", "bytes32", "(uint8,bytes32,bytes32)"], call[4:])
                yield reward_epoch, bytes(log["topics"][2])[12:], bytes([v]) + r + s

    def _stretches(self, from_block: int, at_most: int) -> Iterator[tuple[int, int]]:
        head = self.web3.eth.block_number
        for first in range(from_block, head + 1, LOG_BLOCKS_MAX)[:at_most]:
            yield first, min(first + LOG_BLOCKS_MAX - 1, head)

    def _logs(self, contract: Contract, topics: Sequence[bytes], first: int, last: int) -> Sequence[LogReceipt]:
        return self.web3.eth.get_logs(
            {
                "address": contract.address,
                "topics": [HexBytes(topic) for topic in topics],
                "fromBlock": first,
                "toBlock": last,
            }
        )
