"""Ports of the log: its files, and its witnesses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from flareflow.transparency.notes import NoteKey, SignatureLine, SignedCheckpoint


class LogFiles(Protocol):
    """Static files below the log's own path. Every method raises StorageUnavailableError."""

    def read(self, path: str) -> bytes | None:
        """None for a file that does not exist."""

    def write(self, path: str, content: bytes) -> None:
        """Write a file that never changes; the same again changes nothing."""

    def replace(self, path: str, content: bytes) -> None:
        """Write a file that changes, and of which caches keep no copy for longer than a few seconds."""


@dataclass(frozen=True, slots=True)
class OtherSizeError(Exception):
    """The witness has last seen a checkpoint of another size than the proof begins with."""

    size: int


class Witness(Protocol):
    """Somebody else who signs a checkpoint after having seen that the log has only grown."""

    @property
    def key(self) -> NoteKey: ...

    def cosign(self, old_size: int, proof: Sequence[bytes], signed: SignedCheckpoint) -> SignatureLine:
        """The witness's signature, not checked yet. Raises OtherSizeError or WitnessUnavailableError."""
