"""Where events are in the chain, and events that could not be entered into the journal."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Position(NamedTuple):
    """Where an event is in the chain. Positions sort in the order in which events happened."""

    height: int
    transaction_index: int
    event_index: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """The event that a subscription waits for: where it is in the chain, and when it happened."""

    position: Position
    since: datetime


@dataclass(frozen=True, slots=True)
class SetAside:
    """An event that could not be entered, or that waits for an earlier one of its subscription, and why.

    `kind` is the event's name. `subscription_id` is None for an event of no subscription, or of nobody knows which.
    """

    subscription_id: int | None
    position: Position
    occurred_at: datetime
    transaction_id: str
    kind: str
    reason: str
