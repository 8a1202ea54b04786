"""Elliptic-curve keys in AWS KMS, which signs without giving out the private key."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from flareflow.errors import SignerUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_kms.literals import MessageTypeType


@dataclass(frozen=True, slots=True)
class KmsKey:
    """One signing key. Every method raises SignerUnavailableError when KMS gives no usable answer."""

    client: "KMSClient"
    key_id: str

    def public_key(self) -> bytes:
        """X and Y, 64 bytes."""
        try:
            der = self.client.get_public_key(KeyId=self.key_id)["PublicKey"]
        except (ClientError, BotoCoreError) as error:
            raise SignerUnavailableError("KMS gave no public key") from error
        key = load_der_public_key(der)
        if not isinstance(key, EllipticCurvePublicKey):
            raise SignerUnavailableError("the KMS key is not an elliptic-curve key")
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]

    def sign(self, message: bytes, message_type: "MessageTypeType") -> tuple[int, int]:
        """(r, s) by ECDSA: of the SHA-256 of a RAW message, or of a DIGEST of 32 bytes."""
        try:
            answer = self.client.sign(
                KeyId=self.key_id, Message=message, MessageType=message_type, SigningAlgorithm="ECDSA_SHA_256"
            )
            return decode_dss_signature(answer["Signature"])
        except (ClientError, BotoCoreError, ValueError) as error:
            raise SignerUnavailableError("KMS did not sign") from error
