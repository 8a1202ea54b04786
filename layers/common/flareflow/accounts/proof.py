"""The FCL account proof: that whoever asks holds keys with full authority over a Flow account.

The signed message is the tag, padded with zeros to 32 bytes, and RLP of (app identifier, address, nonce).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flareflow.accounts.models import AccountKey, KeySignature
from flareflow.accounts.ports import AccountKeys, SignatureVerifier
from flareflow.errors import UnauthenticatedError

TAG: Final = b"FCL-ACCOUNT-PROOF-V0.0".ljust(32, b"\0")
FULL_WEIGHT: Final = 1000
RLP_SHORT_MAX: Final = 55
RLP_STRING: Final = 0x80
RLP_LIST: Final = 0xC0


@dataclass(frozen=True, slots=True)
class AccountProof:
    """What a wallet hands over: `origin` is the app identifier that the wallet put in, `nonce` ours."""

    address: str
    origin: str
    nonce: bytes
    signatures: Sequence[KeySignature]

    def message(self) -> bytes:
        """The bytes that each key hashed and signed."""
        address = bytes.fromhex(self.address.removeprefix("0x"))
        return TAG + _rlp_list([self.origin.encode(), address, self.nonce])


@dataclass(frozen=True, slots=True)
class ProveAccount:
    """Check a proof against the keys that the account has on chain now.

    A weight of 1000 is asked for although some wallets get along with 999: a session can spend the deposit,
    and on chain that takes full authority.
    """

    keys: AccountKeys
    verifier: SignatureVerifier

    def run(self, proof: AccountProof) -> None:
        """Raises UnauthenticatedError `invalid_proof` where the proof does not hold."""
        signed_by = [signature.key_index for signature in proof.signatures]
        if len(set(signed_by)) != len(signed_by):
            raise _refusal("a key signed twice")
        on_chain = {key.index: key for key in self.keys.of(proof.address)}
        message = proof.message()
        weight = sum(self._weight_of(signature, on_chain, message) for signature in proof.signatures)
        if weight < FULL_WEIGHT:
            raise _refusal(f"the signing keys weigh {weight} of {FULL_WEIGHT}")

    def _weight_of(self, signature: KeySignature, on_chain: dict[int, AccountKey], message: bytes) -> int:
        key = on_chain.get(signature.key_index)
        if key is None or key.revoked:
            raise _refusal(f"the account has no valid key {signature.key_index}")
        if not self.verifier.holds(key, message, signature.signature):
            raise _refusal(f"the signature of key {signature.key_index} is not of this proof")
        return key.weight


def _refusal(reason: str) -> UnauthenticatedError:
    return UnauthenticatedError("invalid_proof", f"The account proof does not hold: {reason}.")


def _rlp_list(strings: Sequence[bytes]) -> bytes:
    content = b"".join(_rlp_string(string) for string in strings)
    return _rlp_head(len(content), RLP_LIST) + content


def _rlp_string(string: bytes) -> bytes:
    if len(string) == 1 and string[0] < RLP_STRING:
        return string
    return _rlp_head(len(string), RLP_STRING) + string


def _rlp_head(length: int, kind: int) -> bytes:
    if length <= RLP_SHORT_MAX:
        return bytes([kind + length])
    size = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([kind + RLP_SHORT_MAX + len(size)]) + size
