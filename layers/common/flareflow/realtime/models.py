"""Notifications, the messages that carry them, connections and tickets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from flareflow.json_format import Json


class MessageType(StrEnum):
    """What a message reports."""

    USAGE_PENDING = "usage.pending"
    USAGE_SEALED = "usage.sealed"
    USAGE_ATTESTED = "usage.attested"
    USAGE_SETTLED = "usage.settled"
    BALANCE_CHANGED = "balance.changed"
    STANDING_CHANGED = "standing.changed"
    KEY_SUSPENDED = "key.suspended"
    KEY_RESUMED = "key.resumed"


class SuspendedBy(StrEnum):
    """Why a virtual key is blocked."""

    STANDING = "standing"
    """The standing of its subscription allows no calls; the key works again when it does."""
    ADMINISTRATOR = "administrator"
    """An administrator of LiteLLM has blocked it, and only an administrator can unblock it."""


class Source(StrEnum):
    """The items whose changes become messages; each kind is followed by itself."""

    LIVE_TOTALS = "live_totals"
    PACKS = "packs"
    STATEMENTS = "statements"
    ATTESTATIONS = "attestations"
    SUBSCRIPTION = "subscription"
    STANDING = "standing"
    KEYS = "keys"


type Through = Mapping[Source, int]
"""The number of the last stream record of each source that became a message."""


@dataclass(frozen=True, slots=True)
class Notification:
    """Something that happened to a subscription; `data` is a payload in JSON form."""

    type: MessageType
    subscription_id: int
    at: datetime
    data: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Message:
    """A notification with its sequence number among the messages of its subscription."""

    notification: Notification
    sequence: int


@dataclass(frozen=True, slots=True)
class Log:
    """The state of a subscription's messages.

    `sequence` is the last number that was taken. Every change after number `complete_after` was stored. `written_at`:
    when the last message was stored; None before the first.
    """

    sequence: int = 0
    complete_after: int = 0
    through: Through = field(default_factory=dict)
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """An open WebSocket connection of an account; API Gateway closes it at `expires_at`."""

    connection_id: str
    address: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Audience:
    """Who watches a subscription. `is_recorded`: its changes are stored, since somebody watches or did a moment ago.

    `watched_most`: the most subscriptions that one of the watchers watches, this one included.
    """

    watchers: Sequence[str]
    is_recorded: bool
    watched_most: int = 1


@dataclass(frozen=True, slots=True)
class Ticket:
    """A one-use credential for opening one WebSocket connection."""

    ticket: str = field(repr=False)
    expires_at: datetime
