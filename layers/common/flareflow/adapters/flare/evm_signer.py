"""Signatures and transactions for an EVM chain with a key in KMS (EIP-2, EIP-1559)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import rlp
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from flareflow.adapters.aws.kms import KmsKey
from flareflow.errors import SignerUnavailableError
from flareflow.keccak import keccak256

SECP256K1_ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
EIP1559_TYPE: Final = b"\x02"


@dataclass(frozen=True)
class KmsEvmSigner:
    """An EVM account whose secp256k1 key is in KMS."""

    key: KmsKey

    @cached_property
    def public_key(self) -> bytes:
        """X and Y, 64 bytes; KMS is asked once."""
        return self.key.public_key()

    @property
    def address(self) -> bytes:
        return keccak256(self.public_key)[12:]

    def sign(self, digest: bytes) -> tuple[int, int, int]:
        """(y parity, r, s) over a 32-byte digest; s is in the lower half of the order, as EIP-2 demands."""
        r, s = self.key.sign(digest, "DIGEST")
        s = min(s, SECP256K1_ORDER - s)
        for parity in (0, 1):
            if _recovered(parity, r, s, digest) == self.public_key:
                return parity, r, s
        raise SignerUnavailableError("the signature from KMS is not by the account's key")


def signer_of(digest: bytes, vrs: bytes) -> bytes | None:
    """The address that signed a digest; None for a malformed signature. `vrs` is v(1) r(32) s(32), v 27 or 28."""
    public_key = _recovered(vrs[0] - 27, int.from_bytes(vrs[1:33]), int.from_bytes(vrs[33:]), digest)
    return None if public_key is None else keccak256(public_key)[12:]


def _recovered(parity: int, r: int, s: int, digest: bytes) -> bytes | None:
    try:
        return Signature(vrs=(parity, r, s)).recover_public_key_from_msg_hash(digest).to_bytes()
    except (BadSignature, ValidationError):
        return None


@dataclass(frozen=True, slots=True)
class FeeMarketTransaction:
    """An EIP-1559 transaction without access list; amounts in wei."""

    chain_id: int
    nonce: int
    max_priority_fee_per_gas_wei: int
    max_fee_per_gas_wei: int
    gas: int
    to: bytes
    value_wei: int
    data: bytes

    def signed_by(self, signer: KmsEvmSigner) -> bytes:
        """The bytes to send; their Keccak-256 is the transaction's hash."""
        fields = [
            self.chain_id,
            self.nonce,
            self.max_priority_fee_per_gas_wei,
            self.max_fee_per_gas_wei,
            self.gas,
            self.to,
            self.value_wei,
            self.data,
            [],
        ]
        digest = keccak256(EIP1559_TYPE + rlp.encode(fields))
        signed: bytes = EIP1559_TYPE + rlp.encode([*fields, *signer.sign(digest)])
        return signed
