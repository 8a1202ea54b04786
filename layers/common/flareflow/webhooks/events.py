"""What webhooks are told of: which changes are events, and the form of their messages."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flareflow.json_format import to_json
from flareflow.realtime.changes import Change, StandingDecided, SubscriptionChanged
from flareflow.realtime.notifications import balance_of, settled_of
from flareflow.realtime.payloads import BalanceChanged, StandingChanged, UsageSettled
from flareflow.settlement.subscription import Subscription
from flareflow.webhooks.models import EventType

LOW: Final = {"warned", "overdrawn"}
"""Standings of a balance that is low: less is left than the plan's low balance, or nothing."""


@dataclass(frozen=True, slots=True)
class BalanceLow:
    """The balance of a subscription has become low: less is left of it than the plan's low balance.

    It is told when the standing becomes warned or overdrawn and was neither before. What is left is the balance less
    usage that is not settled yet.
    """

    balance: BalanceChanged
    standing: StandingChanged


@dataclass(frozen=True, slots=True)
class WebhookTest:
    """The owner of a webhook has asked for a message, to try the receiver."""

    webhook_id: str


type Told = StandingChanged | BalanceLow | UsageSettled | WebhookTest
TOLD: Final[Mapping[EventType, type[Told]]] = {
    EventType.STANDING_CHANGED: StandingChanged,
    EventType.BALANCE_LOW: BalanceLow,
    EventType.EPOCH_SETTLED: UsageSettled,
    EventType.WEBHOOK_TEST: WebhookTest,
}
"""What the `data` of each type is made of."""


@dataclass(frozen=True, slots=True)
class Happening:
    """A change that is an event of a type, and whose subscription it was then."""

    type: EventType
    owner: str
    change: StandingDecided | SubscriptionChanged

    @property
    def event_id(self) -> str:
        """Always the same for the same record of a stream, in the order of time."""
        change = self.change
        return event_id(change.at, f"{change.subscription_id}\n{change.source}\n{change.number}\n{self.type}")

    def told(self, subscription: Subscription) -> Told:
        """What the event tells; `subscription` is as it is now."""
        if isinstance(self.change, SubscriptionChanged):
            after = self.change.after
            assert after.settled_epoch is not None
            return settled_of(after, after.settled_epoch)
        standing = StandingChanged(self.change.standing, self.change.version)
        return BalanceLow(balance_of(subscription), standing) if self.type is EventType.BALANCE_LOW else standing


def happenings(changes: Sequence[Change]) -> Sequence[Happening]:
    """The events that changes are, in their order. Most changes are none."""
    return [one for change in changes for one in _of(change)]


def _of(change: Change) -> Iterator[Happening]:
    match change:
        case StandingDecided(owner=str(owner)) if change.standing != change.before:
            yield Happening(EventType.STANDING_CHANGED, owner, change)
            if change.standing in LOW and change.before not in LOW:
                yield Happening(EventType.BALANCE_LOW, owner, change)
        case SubscriptionChanged() if _has_settled(change):
            yield Happening(EventType.EPOCH_SETTLED, change.after.owner, change)


def _has_settled(change: SubscriptionChanged) -> bool:
    epoch, before = change.after.settled_epoch, change.before
    return epoch is not None and (before is None or before.settled_epoch != epoch)


def event_id(at: datetime, what: str) -> str:
    """`evt_` and 32 hex digits: the second, which brings ids into the order of time, and a hash of `what`."""
    return f"evt_{int(at.timestamp()):08x}{hashlib.sha256(what.encode()).hexdigest()[:24]}"


def message(event_id: str, subscription_id: int, at: datetime, kind: EventType, told: Told) -> str:
    """The body of a message: a live message with an `id` in the place of its sequence number."""
    return to_json({"id": event_id, "type": kind, "subscription_id": subscription_id, "at": at, "data": told})
