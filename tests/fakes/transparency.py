"""Fakes of the ports of the statement log."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from flareflow.errors import WitnessUnavailableError
from flareflow.transparency.notes import KeyKind, NoteKey, SignatureLine, SignedCheckpoint
from flareflow.transparency.ports import OtherSizeError
from flareflow.transparency.signing import NoteSigner
from flareflow.transparency.witnessing import AddCheckpoint
from infra.local.witness.state import RememberingWitness
from tests.fakes.statements import Faults

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def signer(name: str, kind: KeyKind = KeyKind.LOG) -> NoteSigner:
    """The same key for the same name."""
    return NoteSigner(name, kind, Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b".")[:32]))


LOG = signer("statements.example/v1/log")


@dataclass
class FakeLogFiles:
    """`LogFiles` in memory."""

    faults: Faults = field(default_factory=Faults)
    kept: dict[str, bytes] = field(default_factory=dict)

    def read(self, path: str) -> bytes | None:
        return self.kept.get(path)

    def write(self, path: str, content: bytes) -> None:
        with self.faults.around_write():
            assert self.kept.setdefault(path, content) == content, f"{path} has changed"

    def replace(self, path: str, content: bytes) -> None:
        with self.faults.around_write():
            self.kept[path] = content


@dataclass
class FakeWitness:
    """`Witness` without a network; `is_down` gives no answer."""

    name: str = "witness.example"
    is_down: bool = False

    def __post_init__(self) -> None:
        self.remembering = RememberingWitness(LOG.key, signer(self.name, KeyKind.WITNESS))

    @property
    def key(self) -> NoteKey:
        return self.remembering.signer.key

    def cosign(self, old_size: int, proof: Sequence[bytes], signed: SignedCheckpoint) -> SignatureLine:
        if self.is_down:
            raise WitnessUnavailableError("it is down")
        status, text = self.remembering.answer(AddCheckpoint(old_size, proof, signed).body, NOON)
        match status:
            case 200:
                return SignatureLine.parse(text.removesuffix("\n"))
            case 409:
                raise OtherSizeError(int(text))
            case _:
                raise WitnessUnavailableError(text)
