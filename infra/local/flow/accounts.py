"""Accounts on the local Flow network and the transactions that they sign themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha3_256
from typing import ClassVar, Final, Self

import httpx
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
from pydantic import TypeAdapter

from flareflow.adapters.flow.cadence import cadence_code, contract_addresses, resolve_imports
from flareflow.adapters.flow.json_cdc import Argument, Value, string, ufix64
from flareflow.adapters.flow.rest import FlowRest, TransactionResult
from flareflow.adapters.flow.transactions import AccessNode, FlowTransactions
from infra.deploy.sending import AccountSender, TransactionFailedError
from infra.local.flow.emulator import SERVICE_ADDRESS, SERVICE_PRIVATE_KEY
from infra.local.ports import HOST, port, url

ANSWER_SECONDS_MAX: Final = 120.0
"""An emulator on a busy machine answers late."""


@dataclass(frozen=True, slots=True)
class LocalAccount:
    """A Flow account whose key 0 is held in memory: P-256 with SHA3_256."""

    address: str
    key: EllipticCurvePrivateKey

    hash_algorithm: ClassVar = "SHA3_256"

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
    """The local network as its users and its deployer use it; `addresses` are where imports are found."""

    rest: FlowRest
    access: AccessNode
    addresses: Mapping[str, str]

    @classmethod
    def at(cls, contract_address: str = SERVICE_ADDRESS) -> "LocalFlow":
        """The emulator of the local stack, with our contracts at an address."""
        rest = FlowRest(httpx.Client(base_url=url("flow_rest"), timeout=ANSWER_SECONDS_MAX))
        return cls(rest, AccessNode(HOST, port("flow_grpc")), contract_addresses("emulator", contract_address))

    def with_contracts_at(self, address: str) -> "LocalFlow":
        """The same network, with our contracts at another address."""
        return replace(self, addresses=contract_addresses("emulator", address))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.rest.http.close()

    def run(self, signer: LocalAccount, path: str, *arguments: Argument) -> TransactionResult:
        """Send a transaction of `infra/cadence/transactions` and wait until it is sealed; fails as `run_code` does."""
        return self.run_code(signer, cadence_code(f"transactions/{path}", self.addresses), *arguments)

    def run_code(self, signer: LocalAccount, code: str, *arguments: Argument) -> TransactionResult:
        """Raises TransactionFailedError when it is refused or fails on chain, after which it has changed nothing."""
        flow = FlowTransactions(self.rest, self.access, signer.address, signer, self.addresses)
        _, result = AccountSender(flow).run(resolve_imports(code, self.addresses), *arguments)
        return result

    def script(self, path: str, *arguments: Argument) -> Value:
        """What a script of `infra/cadence/scripts` returns."""
        return self.rest.execute(cadence_code(f"scripts/{path}", self.addresses), arguments)

    def create_account(self, flow_ufix64: int) -> LocalAccount:
        """A new account with this much FLOW, from the service account."""
        key = generate_private_key(SECP256R1())
        new_address = self.create_account_for(public_key_of(key), "SHA3_256", 1, flow_ufix64)
        return LocalAccount(new_address, key)

    def create_account_for(self, public_key: bytes, hash_algorithm: str, keys: int, flow_ufix64: int) -> str:
        """The address, without 0x, of a new account that has the same P-256 key `keys` times, each of full weight."""
        arguments = string(public_key.hex()), string(hash_algorithm), Argument("Int", str(keys)), ufix64(flow_ufix64)
        result = self.run(service_account(), "admin/create_account.cdc", *arguments)
        return _created_address(result)


def _created_address(result: TransactionResult) -> str:
    for event in result.events:
        if event.type == "flow.AccountCreated":
            return str(TypeAdapter(dict[str, str]).validate_python(event.fields())["address"]).removeprefix("0x")
    raise TransactionFailedError("no account was created")
