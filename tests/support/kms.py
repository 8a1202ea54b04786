"""A key service in memory with the two calls that signers use; it signs digests as AWS KMS does."""

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256K1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECP256K1_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141


@dataclass
class MemoryKms:
    """One secp256k1 key. With `wants_high_s` each signature has the higher s, as KMS returns in half of the cases."""

    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256K1()))
    wants_high_s: bool = False
    is_down: bool = False

    def get_public_key(self, **_: Any) -> dict[str, bytes]:
        self._answer("GetPublicKey")
        return {"PublicKey": self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)}

    def sign(self, *, Message: bytes, MessageType: str, **_: Any) -> dict[str, bytes]:  # noqa: N803
        self._answer("Sign")
        assert MessageType == "DIGEST"
        r, s = decode_dss_signature(self.key.sign(Message, ECDSA(Prehashed(SHA256()))))
        low, high = sorted((s, SECP256K1_ORDER - s))
        return {"Signature": encode_dss_signature(r, high if self.wants_high_s else low)}

    def _answer(self, operation: str) -> None:
        if self.is_down:
            raise ClientError({"Error": {"Code": "KMSInternalException", "Message": "down"}}, operation)
