"""What messages tell: the `data` of each type. `docs/live.schema.json` is made from these classes.

Amounts of money end in `_ufix64` (1e-8 of the token, or of the plan's currency for what is owed), usage in
`_microtokens` (rated, cumulative since the subscription was opened). In JSON, numbers are decimal text.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final, Literal

from flareflow.realtime.models import MessageType, SuspendedBy
from flareflow.settlement.pricing import Currency
from flareflow.settlement.subscription import SubscriptionStatus


class CallState(StrEnum):
    """How far a pending call has come."""

    UNCONFIRMED = "unconfirmed"
    """The gate has recorded it; LiteLLM's row has not been read yet."""
    COUNTED = "counted"
    """It is billed, and part of the next statement."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call in `usage.pending`. `event_id` is the gate's; a row without a record is named by the row's identity."""

    event_id: str
    model: str
    tokens: int
    rated_microtokens: int
    state: CallState


@dataclass(frozen=True, slots=True)
class Totals:
    """All usage of a subscription. `version` grows with every change: only a higher one replaces what is known."""

    version: int
    counted_microtokens: int
    unconfirmed_microtokens: int


@dataclass(frozen=True, slots=True)
class UsagePending:
    """Calls were recorded or counted. `totals` is null where only states of calls changed.

    `calls_left_out`: how many calls more there were than fit into the message.
    """

    type: ClassVar[MessageType] = MessageType.USAGE_PENDING

    totals: Totals | None
    calls: tuple[Call, ...]
    calls_left_out: int


@dataclass(frozen=True, slots=True)
class UsageSealed:
    """All usage up to `sealed_microtokens` is in the public statement of `epoch`, which never changes."""

    type: ClassVar[MessageType] = MessageType.USAGE_SEALED

    epoch: int
    sealed_microtokens: int
    statement_hash: bytes


@dataclass(frozen=True, slots=True)
class UsageAttested:
    """Flare has attested the statement of `epoch` in a voting round: all usage up to `attested_microtokens`."""

    type: ClassVar[MessageType] = MessageType.USAGE_ATTESTED

    epoch: int
    attested_microtokens: int
    voting_round: int


@dataclass(frozen=True, slots=True)
class UsageSettled:
    """A settlement has charged all usage up to `settled_microtokens`, as attested for `epoch`."""

    type: ClassVar[MessageType] = MessageType.USAGE_SETTLED

    epoch: int
    settled_microtokens: int
    charged_ufix64: int
    owed_ufix64: int
    currency: Currency


@dataclass(frozen=True, slots=True)
class BalanceChanged:
    """The balance or the status of a subscription changed. `currency` is that of what is owed."""

    type: ClassVar[MessageType] = MessageType.BALANCE_CHANGED

    status: SubscriptionStatus
    balance_ufix64: int
    charged_ufix64: int
    owed_ufix64: int
    currency: Currency


@dataclass(frozen=True, slots=True)
class StandingChanged:
    """What the subscription may do changed. `version` grows with every change."""

    type: ClassVar[MessageType] = MessageType.STANDING_CHANGED

    standing: str
    version: int


@dataclass(frozen=True, slots=True)
class KeySuspended:
    """A virtual key does not work for now. `key_hash` is the SHA-256 of the key.

    `reason` is "standing" where the standing of the subscription allows no calls, and "administrator" where an
    administrator of LiteLLM has blocked the key.
    """

    type: ClassVar[MessageType] = MessageType.KEY_SUSPENDED

    key_hash: str
    alias: str
    reason: SuspendedBy


@dataclass(frozen=True, slots=True)
class KeyResumed:
    """A virtual key works again."""

    type: ClassVar[MessageType] = MessageType.KEY_RESUMED

    key_hash: str
    alias: str


type Payload = (
    UsagePending
    | UsageSealed
    | UsageAttested
    | UsageSettled
    | BalanceChanged
    | StandingChanged
    | KeySuspended
    | KeyResumed
)
PAYLOADS: Final = (
    *(UsagePending, UsageSealed, UsageAttested, UsageSettled),
    *(BalanceChanged, StandingChanged, KeySuspended, KeyResumed),
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A subscription as it is now: what a client knows that has got every message.

    What has not happened yet is null. `suspended` are the keys that do not work for now.
    """

    type: ClassVar[str] = "snapshot"

    totals: Totals
    balance: BalanceChanged
    standing: StandingChanged | None
    sealed: UsageSealed | None
    attested: UsageAttested | None
    settled: UsageSettled | None
    suspended: tuple[KeySuspended, ...]


@dataclass(frozen=True, slots=True)
class Watching:
    """The answer to a `watch` that resumes: what was missed follows, up to number `sequence`."""

    type: ClassVar[str] = "watching"

    subscription_id: int
    sequence: int


@dataclass(frozen=True, slots=True)
class WatchEnded:
    """The connection no longer watches the subscription, because it belongs to another account now."""

    type: ClassVar[str] = "watch.ended"

    subscription_id: int
    reason: Literal["owner_changed"] = "owner_changed"


@dataclass(frozen=True, slots=True)
class Reached:
    """The number of the last message of a subscription that the connection watches."""

    subscription_id: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a `ping`."""

    type: ClassVar[str] = "pong"

    watched: tuple[Reached, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The client asked for something that it does not get. `code` never changes, `detail` is for people."""

    type: ClassVar[str] = "error"

    code: str
    detail: str


type Control = Watching | WatchEnded | Pong | Refused
CONTROLS: Final = (Watching, WatchEnded, Pong, Refused)
