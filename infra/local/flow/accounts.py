"""Accounts on the local Flow network and the transactions that they sign themselves."""

import base64
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha3_256
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flow_py_sdk import Tx
from pydantic import TypeAdapter

from flareflow.adapters.flow.json_cdc import Argument, Value, string, ufix64
from flareflow.adapters.flow.rest import (
    FlowRest,
    TransactionResult,
    cadence_code,
    contract_addresses,
    http_client,
    resolve_imports,
)
from flareflow.adapters.flow.transactions import SoleSigner, transaction_id
from infra.local.flow.emulator import SERVICE_ADDRESS, SERVICE_PRIVATE_KEY
from infra.local.ports import url

SEAL_SECONDS_MAX: Final = 30.0
SEND_TRIES: Final = 20
POLL_SECONDS: Final = 0.1


class TransactionFailedError(Exception):
    """A transaction was sealed with an error; the message is the node's."""


@dataclass(frozen=True, slots=True)
class LocalAccount:
    """A Flow account whose key 0 is held in memory: P-256 with SHA3_256."""

    address: str
    key: EllipticCurvePrivateKey

    @property
    def public_key(self) -> bytes:
        """X and Y, 64 bytes."""
        return public_key_of(self.key)

    def sign(self, message: bytes) -> bytes:
        """r and s, 64 bytes, over the message's SHA3-256."""
        r, s = decode_dss_signature(self.key.sign(sha3_256(message).digest(), ECDSA(Prehashed(SHA256()))))
        return r.to_bytes(32) + s.to_bytes(32)


def public_key_of(key: EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]


def service_account() -> LocalAccount:
    return LocalAccount(SERVICE_ADDRESS, derive_private_key(int(SERVICE_PRIVATE_KEY, 16), SECP256R1()))


@dataclass(frozen=True, slots=True)
class LocalFlow:
    """The local network as its users and its deployer use it; `addresses` resolve imports."""

    rest: FlowRest
    addresses: Mapping[str, str]

    @classmethod
    def at(cls, base_url: str | None = None, contract_address: str = SERVICE_ADDRESS) -> "LocalFlow":
        return cls(
            FlowRest(http_client(base_url or url("flow_rest"))), contract_addresses("emulator", contract_address)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.rest.http.close()

    def run(self, signer: LocalAccount, path: str, *arguments: Argument) -> TransactionResult:
        """Send a transaction of `infra/cadence/transactions` and wait until it is sealed."""
        return self.run_code(signer, cadence_code(f"transactions/{path}", self.addresses), *arguments)

    def run_code(self, signer: LocalAccount, code: str, *arguments: Argument) -> TransactionResult:
        """Raises TransactionFailedError when it fails on chain, after which it has changed nothing."""
        sent = self._send(self._signed(signer, resolve_imports(code, self.addresses), arguments))
        give_up = time.monotonic() + SEAL_SECONDS_MAX
        while time.monotonic() < give_up:
            result = self.rest.transaction_result(sent)
            if result.status == "Sealed":
                if result.error_message:
                    raise TransactionFailedError(result.error_message)
                return result
            time.sleep(POLL_SECONDS)
        raise TransactionFailedError(f"transaction {sent} was not sealed in {SEAL_SECONDS_MAX} s")

    def script(self, path: str, *arguments: Argument) -> Value:
        """What a script of `infra/cadence/scripts` returns."""
        return self.rest.execute(cadence_code(f"scripts/{path}", self.addresses), arguments)

    def create_account(self, flow_ufix64: int) -> LocalAccount:
        """A new account with so much FLOW, paid by the service account."""
        key = generate_private_key(SECP256R1())
        new_address = self.create_account_for(public_key_of(key), "SHA3_256", 1, flow_ufix64)
        return LocalAccount(new_address, key)

    def create_account_for(self, public_key: bytes, hash_algorithm: str, keys: int, flow_ufix64: int) -> str:
        """A new account with the same P-256 key `keys` times, each of full weight; its address without 0x."""
        arguments = string(public_key.hex()), string(hash_algorithm), Argument("Int", str(keys)), ufix64(flow_ufix64)
        result = self.run(service_account(), "admin/create_account.cdc", *arguments)
        return _created_address(result)

    def _signed(self, signer: LocalAccount, code: str, arguments: Sequence[Argument]) -> Tx:
        is_authorizer = "prepare(" in code  # without it a transaction must name no authorizer
        signed, _ = SoleSigner(self.rest, signer.address, 0, signer).sign(code, arguments, is_authorizer=is_authorizer)
        return signed

    def _send(self, transaction: Tx) -> str:
        """Send it and return its id; an emulator that is just making a block is asked again."""
        body = _rest_body(transaction)
        for _ in range(SEND_TRIES):
            response = self.rest.http.post("/v1/transactions", json=body)
            if response.is_success:
                return transaction_id(transaction)
            if "currently being executed" not in response.text:
                break
            time.sleep(POLL_SECONDS)
        raise TransactionFailedError(f"the emulator refused a transaction: {response.text[:500]}")


def _rest_body(transaction: Tx) -> dict[str, object]:
    """The transaction as REST takes it; nothing is signed again, since no signer is registered with it."""
    sent = transaction.to_signed_grpc()
    (signature,) = sent.envelope_signatures
    return {
        "script": _base64(sent.script),
        "arguments": [_base64(argument) for argument in sent.arguments],
        "reference_block_id": sent.reference_block_id.hex(),
        "gas_limit": str(sent.gas_limit),
        "payer": sent.payer.hex(),
        "proposal_key": {
            "address": sent.proposal_key.address.hex(),
            "key_index": str(sent.proposal_key.key_id),
            "sequence_number": str(sent.proposal_key.sequence_number),
        },
        "authorizers": [authorizer.hex() for authorizer in sent.authorizers],
        "payload_signatures": [],
        "envelope_signatures": [
            {
                "address": signature.address.hex(),
                "key_index": str(signature.key_id),
                "signature": _base64(signature.signature),
            }
        ],
    }


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _created_address(result: TransactionResult) -> str:
    for event in result.events:
        if event.type == "flow.AccountCreated":
            return str(TypeAdapter(dict[str, str]).validate_python(event.fields())["address"]).removeprefix("0x")
    raise TransactionFailedError("no account was created")
