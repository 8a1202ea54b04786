"""How far the attestation of a statement has come, for the public API."""

from dataclasses import dataclass

from flareflow.attestation.ports import Attestations
from flareflow.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of an attestation and where its parts are on Flare; a part that is still missing is None."""

    epoch: int
    state: str
    request_transaction: bytes | None
    voting_round: int | None
    finalization_transaction: bytes | None
    reward_epoch: int | None
    lowest_used_timestamp: int | None
    siblings: tuple[bytes, ...] | None


@dataclass(frozen=True, slots=True)
class ReadProgress:
    """Reads the progress of attestations."""

    attestations: Attestations

    def of(self, epoch: int) -> Progress:
        """The progress of an epoch. Raises NotFoundError when its attestation was not begun."""
        attestation = self.attestations.get(epoch)
        if attestation is None:
            raise NotFoundError("attestation_not_begun", f"Epoch {epoch} was not sent to Flare.")
        submission, finalization, proof = attestation.submission, attestation.finalization, attestation.proof
        return Progress(
            epoch=epoch,
            state=attestation.state.value,
            request_transaction=submission.transaction_hash if submission else None,
            voting_round=attestation.voting_round,
            finalization_transaction=finalization.transaction_hash if finalization else None,
            reward_epoch=finalization.reward_epoch if finalization else None,
            lowest_used_timestamp=proof.lowest_used_timestamp if proof else None,
            siblings=proof.siblings if proof else None,
        )
