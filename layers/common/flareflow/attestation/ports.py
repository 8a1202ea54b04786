"""The ports of attestation: what it needs from outside systems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from flareflow.attestation.models import Attestation, Finalization, IndirectRelay, SignedPolicy, Submission
    from flareflow.attestation.signing_policy import SigningPolicy
    from flareflow.statements.models import Statement


class Awaited(Enum):
    """Why there is no proof: the round is not indexed yet, or it is and does not contain our request."""

    NOT_YET = "not yet"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Mined:
    """The block that contains a request, and the voting round of that block's time."""

    block: int
    voting_round: int


@dataclass(frozen=True, slots=True)
class ServedProof:
    """A response and its siblings as the data availability API serves them, not checked yet."""

    response: bytes
    siblings: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class PolicySighting:
    """The signing policies and signatures in a range of Flare's blocks, of which `through_block` is the last.

    `signatures` are (reward epoch of the new policy, signer's address, v r s as 65 bytes).
    """

    through_block: int
    policies: tuple[bytes, ...]
    signatures: tuple[tuple[int, bytes, bytes], ...]


class Flare(Protocol):
    """Flare's contracts. Every method raises FlareUnavailableError when the node gives no usable answer."""

    def prepare(self, request: bytes) -> Submission:
        """A signed `requestAttestation` with the current fee and the account's next nonce; it is not sent."""

    def send(self, submission: Submission) -> None:
        """Send the transaction. Sending it again has no further effect."""

    def mined(self, submission: Submission) -> Mined | None:
        """Where the request was mined; None while it is not. Raises RequestRevertedError when it reverted."""

    def is_overtaken(self, submission: Submission) -> bool:
        """True when another transaction used the nonce, so this one can never be mined."""

    def current_round(self) -> int:
        """The voting round of the latest block."""

    def finalization(self, voting_round: int, from_block: int) -> Finalization | IndirectRelay | None:
        """How the round was finalized for the FDC, in `from_block` or later; None while it is not."""

    def submitted_signatures(self, relayed: IndirectRelay, policy: SigningPolicy, from_block: int) -> bytes:
        """The signatures of a quorum of the policy's voters, from what they submitted in `from_block` or later."""

    def policies(self, after_block: int) -> PolicySighting:
        """Signing policies and their signatures in a bounded range of blocks after `after_block`."""


class RequestRevertedError(Exception):
    """The request was mined and reverted, for example because the fee had risen."""


class DataAvailability(Protocol):
    """Flare's data availability API."""

    def proof(self, voting_round: int, request: bytes) -> ServedProof | Awaited:
        """The response to a request and its siblings, or why there are none. Raises FlareUnavailableError."""


class Statements(Protocol):
    """The sealed statements."""

    def newest(self) -> Statement | None:
        """The newest statement; None before the first."""


class Attestations(Protocol):
    """The stored attestations."""

    def get(self, epoch: int) -> Attestation | None:
        """The attestation of an epoch; None if none was begun. Raises ValueError where it cannot be read."""

    def epochs_under_way(self) -> Sequence[int]:
        """The epochs of all that are neither settled nor skipped, oldest first."""

    def save(self, attestation: Attestation) -> Attestation:
        """Store the change and return it with its new version. Raises RaceLostError when the stored version differs."""


class Policies(Protocol):
    """The stored signing policies of Flare."""

    def scanned_through(self) -> int | None:
        """The last block whose policies and signatures are stored; None before the first."""

    def get(self, reward_epoch: int) -> SignedPolicy | None:
        """The policy of a reward epoch; None if it is not stored."""

    def put(self, policy: SignedPolicy) -> None:
        """Store a policy in place of an earlier one with fewer signatures."""

    def scanned(self, through_block: int) -> None:
        """Store that all policies and signatures up to this block are stored."""
