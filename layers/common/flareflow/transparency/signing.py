"""Signs checkpoints: what a log and its witnesses do, and what readers of a log need not."""

from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from flareflow.transparency.notes import TIME_BYTES, Checkpoint, KeyKind, NoteKey, SignatureLine, signed_bytes


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """Signs checkpoints, as the log or as a witness."""

    name: str
    kind: KeyKind
    private: Ed25519PrivateKey

    @property
    def key(self) -> NoteKey:
        return NoteKey(self.name, self.kind, self.private.public_key().public_bytes_raw())

    def sign(self, checkpoint: Checkpoint, now: datetime) -> SignatureLine:
        """`now` is part of a witness's signature, and not of the log's."""
        at = int(now.timestamp())
        time = at.to_bytes(TIME_BYTES) if self.kind is KeyKind.WITNESS else b""
        signature = self.private.sign(signed_bytes(checkpoint, self.kind, at))
        return SignatureLine(self.name, self.key.key_id + time + signature)
