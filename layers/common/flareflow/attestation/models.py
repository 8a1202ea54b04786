"""What is known of an epoch's attestation, and of Flare's signing policies."""

from dataclasses import replace
from enum import StrEnum
from typing import Final, Self

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

REASONS_MAX: Final = 10
HEX: Final = ConfigDict(ser_json_bytes="hex", val_json_bytes="hex")


class State(StrEnum):
    """How far an epoch's proof has come."""

    SEALED = "SEALED"
    REQUESTED = "REQUESTED"
    FINALIZED = "FINALIZED"
    PROVEN = "PROVEN"
    CONFIRMED_ON_FLOW = "CONFIRMED_ON_FLOW"
    SETTLED = "SETTLED"
    SKIPPED = "SKIPPED"

    @property
    def is_final(self) -> bool:
        return self in (State.SETTLED, State.SKIPPED)


@dataclass(frozen=True, slots=True, config=HEX)
class Submission:
    """A signed transaction that asks Flare; stored before it is sent, so that a repeat sends the same."""

    request: bytes
    transaction: bytes
    transaction_hash: bytes
    nonce: int


@dataclass(frozen=True, slots=True, config=HEX)
class Finalization:
    """How a round's root was signed, as the finalizing calldata on Flare has it."""

    transaction_hash: bytes
    reward_epoch: int
    message: bytes
    signatures: bytes


@dataclass(frozen=True, slots=True, config=HEX)
class Proof:
    """A response of the data availability API and its siblings, checked against the finalized root."""

    voting_round: int
    lowest_used_timestamp: int
    siblings: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, config=HEX)
class Attestation:
    """One epoch's attestation; `words` are the statement's nine values as the ABI encodes them.

    `version` counts the stored changes; a change is stored only over the version that it was made from.
    """

    epoch: int
    words: tuple[int, ...]
    state: State = State.SEALED
    version: int = 0
    submission: Submission | None = None
    mined_block: int | None = None
    voting_round: int | None = None
    finalization: Finalization | None = None
    proof: Proof | None = None
    reasons: tuple[str, ...] = ()

    def because(self, reason: str) -> Self:
        """The same with one more reason; the newest `REASONS_MAX` are kept, repeats once."""
        kept = tuple(known for known in self.reasons if known != reason)
        return replace(self, reasons=(*kept, reason)[-REASONS_MAX:])

    def start_over(self, reason: str) -> Self:
        """Back to SEALED, to be requested anew."""
        fresh = replace(
            self,
            state=State.SEALED,
            submission=None,
            mined_block=None,
            voting_round=None,
            finalization=None,
            proof=None,
        )
        return fresh.because(reason)


@dataclass(frozen=True, slots=True, config=HEX)
class SignedPolicy:
    """A signing policy and the signatures over its hash by voters of the policy before, by rising index."""

    reward_epoch: int
    policy: bytes
    signatures: bytes
