"""Notifications, the messages that carry them, and tickets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from flareflow.json_format import to_json


class MessageType(StrEnum):
    """What a message reports."""

    USAGE_PENDING = "usage.pending"
    USAGE_COUNTED = "usage.counted"
    USAGE_SETTLED = "usage.settled"
    BALANCE_CHANGED = "balance.changed"
    STANDING_CHANGED = "standing.changed"


@dataclass(frozen=True, slots=True)
class Notification:
    """Something that happened to a subscription; `payload` holds its details as text, numbers in decimal."""

    type: MessageType
    subscription_id: int
    at: datetime
    payload: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Message:
    """A notification with its sequence number among all messages of the subscription, from 1."""

    notification: Notification
    sequence: int

    def text(self) -> str:
        """The JSON text that clients receive."""
        head = {
            "type": self.notification.type,
            "subscription_id": self.notification.subscription_id,
            "sequence": self.sequence,
            "at": self.notification.at,
        }
        return to_json({**head, **self.notification.payload})


@dataclass(frozen=True, slots=True)
class Ticket:
    """A one-use credential for opening one WebSocket connection."""

    ticket: str = field(repr=False)
    expires_at: datetime
