"""Key services in memory with the two calls that signers use; they sign digests as AWS KMS does."""

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.ecdsa import SECP256K1, Curve

PRIVATE = 7


@dataclass
class MemoryKms:
    """One secp256k1 key. With `wants_high_s` each signature has the higher s, as KMS returns in half of the cases."""

    key: EllipticCurvePrivateKey = field(default_factory=lambda: SECP256K1.key(PRIVATE))
    wants_high_s: bool = False
    is_down: bool = False

    def get_public_key(self, **_: Any) -> dict[str, bytes]:
        self._answer("GetPublicKey")
        return {"PublicKey": self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)}

    def sign(self, *, Message: bytes, MessageType: str, **_: Any) -> dict[str, bytes]:  # noqa: N803
        self._answer("Sign")
        assert MessageType == "DIGEST"
        r, s = decode_dss_signature(self.key.sign(Message, ECDSA(Prehashed(SHA256()))))
        low, high = sorted((s, SECP256K1.order - s))
        return {"Signature": encode_dss_signature(r, high if self.wants_high_s else low)}

    def _answer(self, operation: str) -> None:
        if self.is_down:
            raise ClientError({"Error": {"Code": "KMSInternalException", "Message": "down"}}, operation)


@dataclass(frozen=True)
class FixedNonceKms:
    """A key service that signs every digest with the same nonce, one whose r has only 31 bytes."""

    curve: Curve
    private: int

    def get_public_key(self, **_: Any) -> dict[str, bytes]:
        public = self.curve.key(self.private).public_key()
        return {"PublicKey": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)}

    def sign(self, *, Message: bytes, MessageType: str, **_: Any) -> dict[str, bytes]:  # noqa: N803
        assert MessageType == "DIGEST"
        return {"Signature": encode_dss_signature(*self.curve.sign(self.private, Message, self.curve.short_r_nonce))}
