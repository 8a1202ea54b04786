"""The transactions that billing sends, and their outcomes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from pydantic.dataclasses import dataclass

from flareflow.attestation.models import HEX, Attestation, SignedPolicy
from flareflow.statements.ports import Settled

RETRY_FIRST: Final = timedelta(seconds=5)
RETRY_MAX: Final = timedelta(hours=6)
DOUBLINGS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class RollPolicies:
    """Give the light client on Flow the signing policies that follow its newest one, in order."""

    policies: tuple[SignedPolicy, ...]

    @property
    def purpose(self) -> str:
        return f"roll#{self.policies[0].reward_epoch}"


@dataclass(frozen=True, slots=True)
class DeliverStatement:
    """Confirm the root of a proven attestation and deliver its statement; repeated, it does nothing."""

    attestation: Attestation

    @property
    def purpose(self) -> str:
        return f"deliver#{self.attestation.epoch}"


@dataclass(frozen=True, slots=True)
class SettlePage:
    """Charge the subscriptions of one page. `path` is the sibling hashes from the page up to the root.

    `reads_rate`: the rate of dollars is read in the same transaction, because a subscription on the page needs it.
    """

    epoch: int
    page: int
    ids: tuple[int, ...]
    rated_microtokens: tuple[int, ...]
    path: tuple[bytes, ...]
    reads_rate: bool = False

    @property
    def purpose(self) -> str:
        return f"settle#{self.epoch}#{self.page}"

    def adds_to(self, settled: Mapping[int, Settled], now: datetime) -> bool:
        """True if the contract can charge any total on the page."""
        totals = zip(self.ids, self.rated_microtokens, strict=True)
        return any(settled[subscription_id].allows(total, now) for subscription_id, total in totals)

    def reading_rate_for(self, settled: Mapping[int, Settled]) -> Self:
        """The same page, which reads the rate if it has a subscription that needs it."""
        return replace(self, reads_rate=any(settled[subscription_id].needs_rate for subscription_id in self.ids))


type Call = RollPolicies | DeliverStatement | SettlePage


@dataclass(frozen=True, slots=True, config=HEX)
class SignedTransaction:
    """A signed transaction as the bytes that are sent. `id` is 32 bytes in hex.

    It can be executed until a fixed number of blocks after `reference_height`.
    """

    id: str
    content: bytes
    reference_height: int


class Stage(StrEnum):
    """The stage of a transaction on Flow.

    `void` means that it was not executed and never can be: it expired, or another one used its sequence number.
    """

    UNKNOWN = "unknown"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Progress:
    """A transaction's stage, and the reason if it failed."""

    stage: Stage
    reason: str = ""


class SendingStatus(StrEnum):
    """The outcome of an outgoing transaction; `signed` means that it may have been sent."""

    SIGNED = "signed"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The one transaction for a purpose, stored before it is sent.

    `attempts` counts the transactions made for the purpose; after a failure another is made from `retry_at` on.
    `version` counts the stored changes; a change is stored only if the version it was made from is the stored one.
    """

    purpose: str
    transaction: SignedTransaction
    key_index: int
    attempts: int
    status: SendingStatus = SendingStatus.SIGNED
    reason: str = ""
    retry_at: datetime | None = None
    version: int = 0

    def failed(self, reason: str, now: datetime) -> Self:
        """A copy after a failure. The wait until `retry_at` doubles with each attempt, up to RETRY_MAX."""
        doublings = min(self.attempts, DOUBLINGS_MAX)
        wait = min(RETRY_FIRST * 2**doublings, RETRY_MAX)
        return replace(self, status=SendingStatus.FAILED, reason=reason, retry_at=now + wait)
