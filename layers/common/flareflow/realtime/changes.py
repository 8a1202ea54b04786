"""Changes that the watchers of a subscription are notified of."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from flareflow.realtime.models import Source, SuspendedBy

if TYPE_CHECKING:
    from flareflow.metering.models import LiveTotals
    from flareflow.metering.usage_events import Entry, RatedRecord
    from flareflow.settlement.subscription import Subscription


@dataclass(frozen=True, slots=True)
class Change:
    """Base of the changes. `number` grows with each record of the stream it came from; `at` is when it was made."""

    source: ClassVar[Source]

    number: int
    at: datetime
    subscription_id: int


@dataclass(frozen=True, slots=True)
class UsageChanged(Change):
    """The live totals of a subscription changed. `version` grows with every change.

    `calls` are those that began to wait for their rows by this change.
    """

    source: ClassVar[Source] = Source.LIVE_TOTALS

    version: int
    totals: "LiveTotals"
    calls: tuple["RatedRecord", ...] = ()


@dataclass(frozen=True, slots=True)
class CallsCounted(Change):
    """Calls of a subscription were billed."""

    source: ClassVar[Source] = Source.PACKS

    calls: tuple["Entry", ...]


@dataclass(frozen=True, slots=True)
class EpochSealed(Change):
    """A statement with new usage of the subscription was sealed; the total is all of its usage in it."""

    source: ClassVar[Source] = Source.STATEMENTS

    epoch: int
    sealed_microtokens: int
    statement_hash: bytes


@dataclass(frozen=True, slots=True)
class EpochAttested(Change):
    """A statement with usage of the subscription was attested; the total is all of its usage in it."""

    source: ClassVar[Source] = Source.ATTESTATIONS

    epoch: int
    attested_microtokens: int
    voting_round: int


@dataclass(frozen=True, slots=True)
class SubscriptionChanged(Change):
    """A subscription was written; `before` is None for a new one."""

    source: ClassVar[Source] = Source.SUBSCRIPTION

    before: "Subscription | None"
    after: "Subscription"


@dataclass(frozen=True, slots=True)
class StandingDecided(Change):
    """The standing of a subscription, or its owner, changed. `version` grows with every change.

    `before` is the standing before, None for the first one; `owner` is None where the ledger knows of none.
    """

    source: ClassVar[Source] = Source.STANDING

    standing: str
    version: int
    before: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class KeyChanged(Change):
    """A virtual key of the subscription was blocked, or unblocked: then `suspended_by` is None."""

    source: ClassVar[Source] = Source.KEYS

    key_hash: str
    alias: str
    suspended_by: SuspendedBy | None
