"""The webhooks of one subscription at work in memory: what happens is announced, and the queue is carried out."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from flareflow.realtime.changes import Change, StandingDecided, SubscriptionChanged
from flareflow.settlement.positions import Position
from flareflow.settlement.subscription import Subscription
from flareflow.webhooks.announcing import Announce
from flareflow.webhooks.delivering import Deliver, Outcome
from flareflow.webhooks.events import happenings
from flareflow.webhooks.managing import (
    ChangeWebhook,
    CreatedWebhook,
    CreateWebhook,
    DeleteWebhook,
    ReadWebhooks,
    RotateSecret,
)
from flareflow.webhooks.models import Delivery, EventType
from flareflow.webhooks.replaying import ListDeliveries, ReplayDelivery, TryWebhook
from flareflow.webhooks.requests import WebhookRequest
from flareflow.webhooks.signing import Signer
from flareflow.webhooks.urls import Reach
from tests.fakes.accounts import ALICE, BOB, FakeClock, FakeTokens
from tests.fakes.webhooks import (
    FakeClaims,
    FakeDeliveries,
    FakeDeliveryQueue,
    FakeReceivers,
    FakeSubscriptions,
    FakeWebhooks,
)

SUBSCRIPTION: Final = 7
BOBS: Final = 8
URL: Final = "https://hooks.example.com/alice"
EVERYTHING: Final = (EventType.STANDING_CHANGED, EventType.BALANCE_LOW, EventType.EPOCH_SETTLED)
ROOT_SECRET: Final = "the deployment's own"


def subscription(owner: str = ALICE, subscription_id: int = SUBSCRIPTION, **changes: object) -> Subscription:
    opened = Subscription(subscription_id, owner, 0, 1, Position(1, 0, 0), balance_ufix64=100, deposited_ufix64=100)
    return replace(opened, **changes)  # type: ignore[arg-type]


@dataclass
class Office:
    """Alice owns subscription 7, Bob 8."""

    clock: FakeClock = field(default_factory=FakeClock)
    tokens: FakeTokens = field(default_factory=FakeTokens)
    webhooks: FakeWebhooks = field(default_factory=FakeWebhooks)
    deliveries: FakeDeliveries = field(default_factory=FakeDeliveries)
    claims: FakeClaims = field(default_factory=FakeClaims)
    queue: FakeDeliveryQueue = field(default_factory=FakeDeliveryQueue)
    receivers: FakeReceivers = field(default_factory=FakeReceivers)
    ledger: FakeSubscriptions = field(
        default_factory=lambda: FakeSubscriptions({7: subscription(), BOBS: subscription(BOB, BOBS)})
    )
    signer: Signer = field(default_factory=lambda: Signer(lambda: ROOT_SECRET))
    numbers: int = 0

    def __post_init__(self) -> None:
        webhooks, deliveries, queue, claims = self.webhooks, self.deliveries, self.queue, self.claims
        self.create = CreateWebhook(self.ledger, webhooks, claims, self.signer, Reach.PUBLIC, self.tokens, self.clock)
        self.read = ReadWebhooks(webhooks)
        self.change = ChangeWebhook(webhooks, Reach.PUBLIC)
        self.rotate = RotateSecret(webhooks, claims, self.signer, self.clock)
        self.delete = DeleteWebhook(webhooks)
        self.try_webhook = TryWebhook(webhooks, deliveries, queue, claims, self.tokens, self.clock)
        self.list = ListDeliveries(webhooks, deliveries)
        self.replay = ReplayDelivery(webhooks, deliveries, queue, self.clock)
        self.announce = Announce(webhooks, deliveries, queue, self.ledger, self.clock)
        self.deliver = Deliver(webhooks, deliveries, queue, self.receivers, self.signer, self.clock)

    def webhook(self, *events: EventType, url: str = URL, owner: str = ALICE) -> CreatedWebhook:
        """A new webhook, of all events if none is named."""
        subscription_id = SUBSCRIPTION if owner == ALICE else BOBS
        request = WebhookRequest(subscription_id=subscription_id, url=url, events=events or EVERYTHING)
        return self.create.run(owner, f"request-{self.tokens()}", request)

    def happens(self, *changes: Change) -> None:
        """Announce changes of one subscription."""
        self.announce.run(changes[0].subscription_id, happenings(changes))

    def standing(self, standing: str, before: str | None = "active", owner: str = ALICE) -> StandingDecided:
        """A standing that is decided now."""
        self.numbers += 1
        subscription_id = SUBSCRIPTION if owner == ALICE else BOBS
        return StandingDecided(
            self.numbers, self.clock(), subscription_id, standing, self.numbers, before=before, owner=owner
        )

    def settled(self, epoch: int, before: int | None = None) -> SubscriptionChanged:
        """A settlement of an epoch that is read now."""
        self.numbers += 1
        old, new = (subscription(settled_epoch=one, settled_microtokens=90) for one in (before, epoch))
        return SubscriptionChanged(self.numbers, self.clock(), SUBSCRIPTION, old, new)

    def carry_out(self) -> list[Outcome]:
        """Carry out all orders that can be received now."""
        outcomes: list[Outcome] = []
        for _ in range(100):
            order = self.queue.receive(self.clock())
            if order is None:
                return outcomes
            outcomes.append(self.deliver.run(order))
        raise AssertionError("the queue does not end")

    def wait(self, time: timedelta, step: timedelta = timedelta(minutes=1)) -> list[Outcome]:
        """Let time pass, and carry out what becomes due meanwhile."""
        until = self.clock() + time
        outcomes: list[Outcome] = []
        while self.clock() < until:
            self.clock.advance(step)
            outcomes += self.carry_out()
        return outcomes

    def delivered(self, created: CreatedWebhook) -> list[Delivery]:
        """All deliveries to a webhook, newest first."""
        return list(self.list.run(created.webhook.owner, created.webhook.webhook_id, None).items)
