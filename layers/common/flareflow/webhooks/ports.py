"""Ports of the webhooks package. Adapters raise StorageUnavailableError when their system gives no usable answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from flareflow.accounts.models import CursorPage
    from flareflow.settlement.subscription import Subscription
    from flareflow.webhooks.models import Answered, Delivery, Order, Webhook


class Webhooks(Protocol):
    """The webhooks of accounts. All reads are strongly consistent, but for `of_account`."""

    def add(self, webhook: Webhook) -> None:
        """Store a webhook, unless there is one of its id."""

    def find(self, owner: str, webhook_id: str) -> Webhook | None:
        """A webhook of this account."""

    def of_subscription(self, owner: str, subscription_id: int) -> Sequence[Webhook]:
        """All webhooks that an account has for a subscription, oldest first."""

    def of_account(self, owner: str, cursor: str | None) -> CursorPage[Webhook]:
        """All webhooks of an account, by subscription."""

    def change(self, webhook: Webhook, *names: str) -> bool:
        """Store these fields of a webhook; return False, without a change, if it was removed."""

    def remove(self, webhook: Webhook) -> None:
        """Forget a webhook; one that is not there changes nothing."""


class Deliveries(Protocol):
    """The deliveries to webhooks, stored until they expire."""

    def add(self, delivery: Delivery) -> None:
        """Store a delivery, unless there is one of its id for its webhook."""

    def find(self, webhook_id: str, delivery_id: str) -> Delivery | None: ...

    def of(self, webhook_id: str, cursor: str | None) -> CursorPage[Delivery]:
        """The deliveries to a webhook, newest first."""

    def replace(self, after: Delivery) -> None:
        """Store a delivery in place of the version before. Raises RaceLostError when that is not what is stored."""


class DeliveryQueue(Protocol):
    """Orders that are waiting to be carried out, each at least once."""

    def send(self, orders: Sequence[Order], now: datetime) -> None:
        """Let each order come when it is due, or a quarter of an hour from now if that is sooner."""


class Receivers(Protocol):
    """The servers that webhooks name."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Post a message and return what came of it, within a bounded time; it never raises."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A request that creates something, by account and `Idempotency-Key`; `made` names what it makes."""

    owner: str
    idempotency_key: str
    request_hash: str
    made: str


class Claims(Protocol):
    """The requests that have created something within the last day."""

    def claim(self, claim: Claim, now: datetime) -> Claim:
        """Store the claim if there is none of its account and key; return the one that is stored then."""


class Ledger(Protocol):
    """Subscriptions as of the last chain event that was read."""

    def subscription(self, subscription_id: int) -> Subscription | None:
        """None before the subscription's first event."""
