"""Signed notes, checkpoints of the log and cosignatures of its witnesses.

Forms: https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint and https://c2sp.org/tlog-cosignature.
"""

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final, Self

from flareflow.transparency.proofs import HASH_BYTES

NOTE_BYTES_MAX: Final = 16_384
SIGNATURES_MAX: Final = 64
SIZE_DIGITS_MAX: Final = 19
KEY_ID_BYTES: Final = 4
TIME_BYTES: Final = 8
SIGNATURE_BYTES: Final = 64
_DASH: Final = "\N{EM DASH} "


class NoteError(ValueError):
    """A note has not the form that it should have, or lacks a signature that holds."""


class KeyKind(IntEnum):
    """What a key of a note signs."""

    LOG = 0x01
    WITNESS = 0x04


@dataclass(frozen=True, slots=True)
class NoteKey:
    """The public key of a log or a witness. Its text is `name+id+key`."""

    name: str
    kind: KeyKind
    public: bytes

    @property
    def key_id(self) -> bytes:
        head = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(head).digest()[:KEY_ID_BYTES]

    @property
    def text(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises NoteError."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        kind, public = _decoded(encoded)[:1], _decoded(encoded)[1:]
        if kind not in {bytes([one]) for one in KeyKind} or len(public) != HASH_BYTES:
            raise NoteError(f"the key of {name!r} is of no kind that is known")
        key = cls(name, KeyKind(kind[0]), public)
        if key.key_id.hex() != key_id:
            raise NoteError(f"the key of {name!r} has another id")
        return key


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the log is at a moment: how many statements it has, and the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises NoteError unless the text is canonical; extensions are not known."""
        parts = text.split("\n")
        is_whole = len(parts) == len(("origin", "size", "root", "end"))
        if not is_whole or not parts[1].isdecimal() or len(parts[1]) > SIZE_DIGITS_MAX:
            raise NoteError("not the text of a checkpoint")
        checkpoint = cls(parts[0], int(parts[1]), _decoded(parts[2]))
        if checkpoint.text != text or len(checkpoint.root) != HASH_BYTES:
            raise NoteError("not the canonical text of a checkpoint")
        return checkpoint


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature of a note: the signer's name, and the key's id followed by what the key has made."""

    name: str
    blob: bytes

    @property
    def text(self) -> str:
        return f"{_DASH}{self.name} {b64encode(self.blob).decode()}\n"

    @classmethod
    def parse(cls, line: str) -> Self:
        """A line without its end. Raises NoteError."""
        name, space, encoded = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not name or not space:
            raise NoteError("not the line of a signature")
        return cls(name, _decoded(encoded))

    def is_by(self, key: NoteKey) -> bool:
        return (self.name, self.blob[:KEY_ID_BYTES]) == (key.name, key.key_id)


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint with all signatures that stand under it, those of unknown keys too."""

    checkpoint: Checkpoint
    signatures: tuple[SignatureLine, ...]

    @property
    def text(self) -> str:
        return f"{self.checkpoint.text}\n{''.join(one.text for one in self.signatures)}"

    @classmethod
    def parse(cls, note: str) -> Self:
        """Raises NoteError."""
        if len(note) > NOTE_BYTES_MAX:
            raise NoteError(f"a note has at most {NOTE_BYTES_MAX} characters")
        text, gap, lines = note.rpartition("\n\n")
        signatures = lines.removesuffix("\n").split("\n")
        if not gap or not lines.endswith("\n") or len(signatures) > SIGNATURES_MAX:
            raise NoteError("not a signed note")
        return cls(Checkpoint.parse(f"{text}\n"), tuple(map(SignatureLine.parse, signatures)))

    def check(self, key: NoteKey) -> datetime | None:
        """Raises NoteError unless the key has signed it. The time of a witness's signature; None for the log's."""
        found = [one.blob[KEY_ID_BYTES:] for one in self.signatures if one.is_by(key)]
        if not found:
            raise NoteError(f"{key.name} has not signed it")
        return _checked(self.checkpoint, key, found[0])

    def with_signature(self, line: SignatureLine) -> "SignedCheckpoint":
        return SignedCheckpoint(self.checkpoint, (*self.signatures, line))


def signed_bytes(checkpoint: Checkpoint, kind: KeyKind, at: int) -> bytes:
    """What a key of this kind signs; `at` is the time of a witness in Unix seconds."""
    head = f"cosignature/v1\ntime {at}\n" if kind is KeyKind.WITNESS else ""
    return f"{head}{checkpoint.text}".encode()


def _checked(checkpoint: Checkpoint, key: NoteKey, made: bytes) -> datetime | None:
    time, signature = made[:-SIGNATURE_BYTES], made[-SIGNATURE_BYTES:]
    if len(time) != (TIME_BYTES if key.kind is KeyKind.WITNESS else 0):
        raise NoteError(f"the signature of {key.name} has another length")
    at = int.from_bytes(time)
    try:
        _require_ed25519(key.public, signed_bytes(checkpoint, key.kind, at), signature)
        return datetime.fromtimestamp(at, UTC) if time else None
    except (ValueError, OverflowError) as error:
        raise NoteError(f"the signature of {key.name} does not hold") from error


def _require_ed25519(public: bytes, message: bytes, signature: bytes) -> None:
    """Raises ValueError for a signature that does not hold. The library is loaded when the first one is checked."""
    from Crypto.Signature import eddsa  # noqa: PLC0415

    eddsa.new(eddsa.import_public_key(public), "rfc8032").verify(message, signature)


def _decoded(text: str) -> bytes:
    """The bytes of base64 in its one form. Raises NoteError."""
    try:
        decoded = b64decode(text, validate=True)
    except ValueError as error:
        raise NoteError("not base64") from error
    if b64encode(decoded).decode() != text:
        raise NoteError("not base64 in its one form")
    return decoded
