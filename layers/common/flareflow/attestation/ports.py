"""What attesting needs from the world."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from flareflow.attestation.models import Attestation, Finalization, SignedPolicy, Submission
from flareflow.statements.models import Statement


class Awaited(Enum):
    """Why there is no proof: the round is still being indexed, or it went by without our request."""

    NOT_YET = "not yet"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Mined:
    """The block that holds a request, and the voting round that its time lies in."""

    block: int
    voting_round: int


@dataclass(frozen=True, slots=True)
class ServedProof:
    """What the data availability API serves: not to be believed before it is checked."""

    response: bytes
    siblings: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class PolicySighting:
    """A stretch of Flare's blocks and what was seen of signing policies in it.

    `signatures` are (reward epoch of the new policy, signer's address, v r s as 65 bytes).
    """

    through_block: int
    policies: tuple[bytes, ...]
    signatures: tuple[tuple[int, bytes, bytes], ...]


class Flare(Protocol):
    """Flare's contracts; every method raises FlareUnavailableError when the node cannot be asked."""

    def prepare(self, request: bytes) -> Submission:
        """A signed `requestAttestation` with the live fee and the account's next nonce; sends nothing."""

    def send(self, submission: Submission) -> None:
        """Send these bytes; sending them again does no harm."""

    def mined(self, submission: Submission) -> Mined | None:
        """Where the request was mined; None while it was not. RequestRevertedError when it failed there."""

    def is_overtaken(self, submission: Submission) -> bool:
        """True when another transaction used the nonce, so that this one can never be mined."""

    def current_round(self) -> int:
        """The voting round of the latest block."""

    def finalization(self, voting_round: int, from_block: int) -> Finalization | None:
        """How the round was finalized for the FDC; None while it was not."""

    def policies(self, after_block: int) -> PolicySighting:
        """Signing policies and their signatures in a bounded stretch of blocks after `after_block`."""


class RequestRevertedError(Exception):
    """The request was mined and reverted, for example because the fee had changed."""


class DataAvailability(Protocol):
    """Flare's data availability API."""

    def proof(self, voting_round: int, request: bytes) -> ServedProof | Awaited:
        """The response and proof of a request; raises FlareUnavailableError when the API cannot be asked."""


class Statements(Protocol):
    """The sealed statements."""

    def newest(self) -> Statement | None:
        """The newest one, if any was sealed yet."""


class Attestations(Protocol):
    """Where attestations are kept."""

    def get(self, epoch: int) -> Attestation | None:
        """The epoch's attestation, if one was begun."""

    def under_way(self) -> Sequence[Attestation]:
        """All that are neither settled nor skipped, oldest epoch first."""

    def save(self, attestation: Attestation) -> Attestation:
        """Store the change and return it with its new version; RaceLostError if the stored version differs."""


class Policies(Protocol):
    """Where Flare's signing policies are kept."""

    def scanned_through(self) -> int | None:
        """The last block whose policy events are stored; None before the first."""

    def get(self, reward_epoch: int) -> SignedPolicy | None:
        """A stored policy."""

    def put(self, policy: SignedPolicy) -> None:
        """Store a policy; again with more signatures replaces it."""

    def scanned(self, through_block: int) -> None:
        """Note that everything through this block is stored."""
