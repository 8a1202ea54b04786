"""The request that a log sends to a witness: https://c2sp.org/tlog-witness."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from flareflow.transparency.notes import NoteError, SignedCheckpoint
from flareflow.transparency.proofs import HASH_BYTES, PROOF_HASHES_MAX

SIZE_MEDIA_TYPE: Final = "text/x.tlog.size"
"""Of the answer 409, whose body is the size that the witness has seen."""
OLD: Final = "old "


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A checkpoint to be signed, and the proof that it grows from the one of `old_size`."""

    old_size: int
    proof: Sequence[bytes]
    signed: SignedCheckpoint

    @property
    def body(self) -> bytes:
        hashes = "".join(f"{b64encode(one).decode()}\n" for one in self.proof)
        return f"{OLD}{self.old_size}\n{hashes}\n{self.signed.text}".encode()

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Raises NoteError."""
        try:
            head, gap, note = body.decode().partition("\n\n")
            first, *lines = head.split("\n")
            proof = [b64decode(line, validate=True) for line in lines]
        except ValueError as error:
            raise NoteError("not a request for a signature") from error
        size = first.removeprefix(OLD)
        is_long = len(proof) > PROOF_HASHES_MAX or any(len(one) != HASH_BYTES for one in proof)
        if not gap or not first.startswith(OLD) or not size.isdecimal() or is_long:
            raise NoteError("not a request for a signature")
        return cls(int(size), proof, SignedCheckpoint.parse(note))
