"""Flow's account keys and the arithmetic of their signatures, as sign-in needs them."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from flareflow.accounts.models import AccountKey, HashAlgorithm, SignatureAlgorithm
from flareflow.adapters.flow.rest import FlowRest, RestAccountKey

COORDINATE_BYTES: Final = 32
UNCOMPRESSED_POINT: Final = b"\x04"

_CURVES: Final[Mapping[SignatureAlgorithm, ec.EllipticCurve]] = {
    SignatureAlgorithm.P256: ec.SECP256R1(),
    SignatureAlgorithm.SECP256K1: ec.SECP256K1(),
}
_HASHES: Final[Mapping[HashAlgorithm, Callable[[bytes], "hashlib._Hash"]]] = {
    HashAlgorithm.SHA2_256: hashlib.sha256,
    HashAlgorithm.SHA3_256: hashlib.sha3_256,
}


@dataclass(frozen=True, slots=True)
class FlowAccountKeys:
    """`AccountKeys` over the access node's REST API; keys that sign no transactions by ECDSA are left out."""

    rest: FlowRest

    def of(self, address: str) -> Sequence[AccountKey]:
        return [_key(key) for key in self.rest.account_keys(address) if _is_known(key)]


class EcdsaVerifier:
    """`SignatureVerifier` for both curves and both hashes of Flow's account keys."""

    def holds(self, key: AccountKey, message: bytes, signature: bytes) -> bool:
        if len(signature) != 2 * COORDINATE_BYTES:
            return False
        r, s = (int.from_bytes(half) for half in (signature[:COORDINATE_BYTES], signature[COORDINATE_BYTES:]))
        digest = _HASHES[key.hash_algorithm](message).digest()
        try:
            public = ec.EllipticCurvePublicKey.from_encoded_point(
                _CURVES[key.signature_algorithm], UNCOMPRESSED_POINT + key.public_key
            )
            # SHA256 here only says that the digest has 32 bytes; it was made by the key's own hash.
            public.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(SHA256())))
        except (InvalidSignature, ValueError):
            return False
        return True


def _is_known(key: RestAccountKey) -> bool:
    return key.signing_algorithm in set(SignatureAlgorithm) and key.hashing_algorithm in set(HashAlgorithm)


def _key(key: RestAccountKey) -> AccountKey:
    return AccountKey(
        index=key.index,
        public_key=bytes.fromhex(key.public_key.removeprefix("0x")),
        signature_algorithm=SignatureAlgorithm(key.signing_algorithm),
        hash_algorithm=HashAlgorithm(key.hashing_algorithm),
        weight=key.weight,
        revoked=key.revoked,
    )
