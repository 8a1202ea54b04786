"""Messages and who gets them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from flareflow.json_format import to_json


class MessageType(StrEnum):
    """What a message tells."""

    USAGE_PENDING = "usage.pending"
    USAGE_SETTLED = "usage.settled"
    BALANCE_CHANGED = "balance.changed"


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened to a subscription; `facts` are texts, numbers in decimal."""

    type: MessageType
    subscription_id: int
    at: datetime
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Message:
    """News with their place among all messages of the subscription."""

    news: News
    sequence: int

    def text(self) -> str:
        """What a connection receives."""
        head = {
            "type": self.news.type,
            "subscription_id": self.news.subscription_id,
            "sequence": self.sequence,
            "at": self.news.at,
        }
        return to_json({**head, **self.news.facts})


@dataclass(frozen=True, slots=True)
class Ticket:
    """What opens one connection, once."""

    ticket: str = field(repr=False)
    expires_at: datetime
