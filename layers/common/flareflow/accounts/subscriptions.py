"""An account's view of its own subscriptions: balance, usage and journal."""

from dataclasses import dataclass

from flareflow.accounts.models import CursorPage, KnownStanding, Standing
from flareflow.accounts.ownership import require_owner
from flareflow.accounts.ports import Ledger, MeteredUsage, Rates, Standings
from flareflow.errors import NotFoundError
from flareflow.metering.models import LiveTotals
from flareflow.metering.usage_events import UsageEvent
from flareflow.settlement.charging import KnownRate
from flareflow.settlement.entries import Entry
from flareflow.settlement.plan_changes import most_due_in_tokens_ufix64
from flareflow.settlement.subscription import Subscription
from flareflow.statements.events import event_text


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """One subscription now.

    `pending_microtokens`: metered and not settled, in rated micro-tokens. `estimated_bill_ufix64`: what is to be paid
    once it is settled by the plan in force, with what is owed, in 1e-8 of the plan's currency.
    `estimated_charge_ufix64`: the most that it may come to in 1e-8 of the token of the deposits, whenever the owner's
    next plan comes into force; at `rate` if a plan needs one, None while no rate is known. `rate` is None where none is
    needed. `standing` is what was decided last; None before the first decision.
    """

    subscription: Subscription
    usage: LiveTotals
    pending_microtokens: int
    estimated_bill_ufix64: int
    estimated_charge_ufix64: int | None
    rate: KnownRate | None
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class ReadSubscriptions:
    """Read one subscription of an account, or all of them."""

    ledger: Ledger
    usage: MeteredUsage
    rates: Rates
    standings: Standings

    def all(self, caller: str, cursor: str | None) -> CursorPage[SubscriptionView]:
        ids = self.ledger.owned_by(caller, cursor)
        return CursorPage([self.one(caller, subscription_id) for subscription_id in ids.items], ids.next_cursor)

    def one(self, caller: str, subscription_id: int) -> SubscriptionView:
        """Raises NotFoundError `subscription_not_found`."""
        subscription = require_owner(self.ledger.subscription(subscription_id), caller, subscription_id)
        live = self.usage.live(subscription_id)
        metered = live.counted.rated_microtokens + live.unconfirmed.rated_microtokens
        known = self.standings.find(subscription_id)
        rate = self.rates.last_rate() if subscription.needs_rate else None
        return SubscriptionView(
            subscription=subscription,
            usage=live,
            pending_microtokens=max(0, metered - subscription.settled_microtokens),
            estimated_bill_ufix64=subscription.due_ufix64(metered),
            estimated_charge_ufix64=most_due_in_tokens_ufix64(
                subscription, metered, None if rate is None else rate.rate_ufix64
            ),
            rate=rate,
            standing=known.standing if known else None,
        )


@dataclass(frozen=True, slots=True)
class ReadJournal:
    """Read the journal of one subscription, newest first."""

    ledger: Ledger

    def run(self, caller: str, subscription_id: int, cursor: str | None) -> CursorPage[Entry]:
        """Raises NotFoundError `subscription_not_found`."""
        require_owner(self.ledger.subscription(subscription_id), caller, subscription_id)
        return self.ledger.journal(subscription_id, cursor)


@dataclass(frozen=True, slots=True)
class CountedEvent:
    """A usage event, and the text whose leaf leads to the statement of its epoch."""

    event: UsageEvent
    leaf: str


@dataclass(frozen=True, slots=True)
class ReadUsage:
    """Read the usage events of a subscription that were counted under one epoch.

    All of them together are what the subscription's `events_root` in the statement of the epoch is made of.
    """

    ledger: Ledger
    usage: MeteredUsage

    def run(self, caller: str, subscription_id: int, epoch: int, cursor: str | None) -> CursorPage[CountedEvent]:
        """Raises NotFoundError `subscription_not_found`."""
        require_owner(self.ledger.subscription(subscription_id), caller, subscription_id)
        page = self.usage.events(subscription_id, epoch, cursor)
        events = [CountedEvent(event, event_text(event)) for event in page.items]
        return CursorPage(events, page.next_cursor)


@dataclass(frozen=True, slots=True)
class AnySubscription:
    """A subscription as an operator sees it; `standing` is None before the first decision."""

    subscription: Subscription
    standing: KnownStanding | None


@dataclass(frozen=True, slots=True)
class ReadAnySubscription:
    """Read a subscription, whoever owns it."""

    ledger: Ledger
    standings: Standings

    def run(self, subscription_id: int) -> AnySubscription:
        """Raises NotFoundError `subscription_not_found`."""
        subscription = self.ledger.subscription(subscription_id)
        if subscription is None:
            raise NotFoundError("subscription_not_found", f"The ledger has no subscription {subscription_id}.")
        return AnySubscription(subscription, self.standings.find(subscription_id))
