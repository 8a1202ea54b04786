"""From events to postings: each event follows on the one before of the same subscription, or is set aside."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from flareflow.errors import UNREADABLE
from flareflow.settlement.events import (
    ChainEvent,
    PlanAdded,
    PlanChangeAccepted,
    PlanChanged,
    PlanEvent,
    PlanRetired,
    SubscriptionOpened,
)
from flareflow.settlement.journal import Posting, SettingAside, post, set_aside
from flareflow.settlement.plans import PlanVersion
from flareflow.settlement.ports import DepositToken, Ledger
from flareflow.settlement.pricing import Tariff
from flareflow.settlement.subscription import Subscription


@dataclass(slots=True)
class Entering:
    """Some events in their order, as postings. Plans are stored at once; everything else is only read.

    Events of a subscription whose stored state cannot be read are set aside, and the stored state stays as it is.
    """

    token: DepositToken
    ledger: Ledger
    _subscriptions: dict[int, Subscription] = field(default_factory=dict)
    _tariffs: dict[tuple[int, int], Tariff] = field(default_factory=dict)
    _unreadable: dict[int, str] = field(default_factory=dict)

    def postings(self, events: Sequence[ChainEvent]) -> Sequence[Posting | SettingAside]:
        """One for each event that was not looked at before and is about money."""
        ids = {event.subscription_id for event in events if event.subscription_id is not None}
        self._read(ids)
        return [posting for event in events if (posting := self._posting(event))]

    def _read(self, ids: Collection[int]) -> None:
        try:
            self._subscriptions.update(self.ledger.subscriptions_by_id(ids))
        except UNREADABLE:
            for one in ids:
                self._read_alone(one)

    def _read_alone(self, subscription_id: int) -> None:
        try:
            self._subscriptions.update(self.ledger.subscriptions_by_id({subscription_id}))
        except UNREADABLE as error:
            self._unreadable[subscription_id] = f"what is stored of the subscription cannot be read: {error}"

    def _posting(self, event: ChainEvent) -> Posting | SettingAside | None:
        known = event.subscription_id
        if known is not None and known in self._unreadable:
            return set_aside(event, None, self._unreadable[known])
        before = self._subscriptions.get(known) if known is not None else None
        try:
            if isinstance(event.happened, PlanAdded | PlanRetired):
                self.follow_plan(event.happened)
                return None
            posting: Posting | SettingAside | None = post(event, before, self.accepted(event))
        except UNREADABLE as error:
            posting = set_aside(event, before, str(error))
        if posting and posting.subscription:
            self._subscriptions[posting.subscription.subscription_id] = posting.subscription
        return posting

    def follow_plan(self, happened: PlanEvent) -> None:
        """Store what an event says of a plan. Raises ValueError for prices that no plan can have."""
        if isinstance(happened, PlanRetired):
            self.ledger.retire_plan(happened.plan_id)
        else:
            self.ledger.add_plan(PlanVersion.of(happened, token_is_dollar=self.token.is_dollar()))

    def accepted(self, event: ChainEvent) -> Tariff | None:
        """The tariff of the plan that the event names, if it names one that was announced."""
        happened = event.happened
        if not isinstance(happened, SubscriptionOpened | PlanChangeAccepted | PlanChanged):
            return None
        name = happened.plan_id, happened.plan_version
        if name not in self._tariffs and (plan := self.ledger.plan(*name)):
            self._tariffs[name] = plan.tariff
        return self._tariffs.get(name)
