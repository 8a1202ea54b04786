"""Signatures for Flow transactions with a key in KMS."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import ClassVar, Final

from flareflow.adapters.aws.kms import KmsKey

INTEGER_BYTES: Final = 32


@dataclass(frozen=True)
class KmsFlowSigner:
    """A P-256 key in KMS. The keys on the account must be registered with it and `hash_algorithm`."""

    key: KmsKey

    hash_algorithm: ClassVar = "SHA2_256"

    @cached_property
    def public_key(self) -> bytes:
        """X and Y, 64 bytes; KMS is asked once."""
        return self.key.public_key()

    def sign(self, message: bytes) -> bytes:
        """r and s, 64 bytes, over the SHA2-256 of the message, which may be longer than KMS hashes (4,096 bytes)."""
        numbers = self.key.sign(sha256(message).digest(), "DIGEST")
        return b"".join(number.to_bytes(INTEGER_BYTES, "big") for number in numbers)
