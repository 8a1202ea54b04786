"""The attestation of an epoch, and Flare's signing policies."""

from dataclasses import replace
from enum import StrEnum
from typing import Final, Self

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

REASONS_MAX: Final = 10
HEX: Final = ConfigDict(ser_json_bytes="hex", val_json_bytes="hex")


class State(StrEnum):
    """The states of an attestation, from the sealed statement to its settled pages."""

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
    """A signed request to Flare. It is stored before it is sent, so a repeat sends the same bytes."""

    request: bytes
    transaction: bytes
    transaction_hash: bytes
    nonce: int


@dataclass(frozen=True, slots=True, config=HEX)
class Finalization:
    """How voters signed a round's root: the parts of the calldata that finalized the round on Flare."""

    transaction_hash: bytes
    reward_epoch: int
    message: bytes
    signatures: bytes


@dataclass(frozen=True, slots=True)
class IndirectRelay:
    """A round was finalized through another contract, so that no transaction has the Relay's calldata as its input."""

    transaction_hash: bytes
    reward_epoch: int
    message: bytes


@dataclass(frozen=True, slots=True, config=HEX)
class Proof:
    """The two values of the attested response that the statement leaves open, and its siblings up to the final root."""

    voting_round: int
    lowest_used_timestamp: int
    siblings: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, config=HEX)
class Attestation:
    """One epoch's attestation; `words` are the attested fields of the statement as the ABI encodes them.

    `version` counts the stored changes; a change is stored only if the version it was made from is the stored one.
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
        """A copy with one more reason. The newest REASONS_MAX are kept, each once."""
        kept = tuple(known for known in self.reasons if known != reason)
        return replace(self, reasons=(*kept, reason)[-REASONS_MAX:])

    def start_over(self, reason: str) -> Self:
        """A copy in state SEALED, to be requested again."""
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
    """A signing policy, and signatures over its hash by voters of the previous policy, by rising voter index."""

    reward_epoch: int
    policy: bytes
    signatures: bytes
