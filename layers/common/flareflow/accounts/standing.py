"""Standing: what a subscription may do now. It is decided here and nowhere else.

| standing | why | keys |
| --- | --- | --- |
| active | more is left than the plan's low balance | work |
| warned | something is left | work |
| overdrawn | what was metered costs all of the balance, or more | blocked |
| capped | the spend cap of this period is used up, and the balance is not | blocked |
| exiting | the owner or the provider has announced the end, or it has ended | blocked |
| unknown | the ledger is missing, too old or lacks an event, or a bill in dollars has no rate | blocked after a grace |

Usage on a plan in dollars is valued at the last rate that the contract would have used, less a margin: until the
usage is settled, the price of the token may fall.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from flareflow.accounts.models import Standing
from flareflow.metering.models import LiveTotals
from flareflow.settlement.charging import UFIX64_MAX, KnownRate
from flareflow.settlement.plan_changes import most_due_in_tokens_ufix64
from flareflow.settlement.subscription import Subscription, SubscriptionStatus

LEDGER_AGE_MAX: Final = timedelta(minutes=15)
"""Three ticks of `chain_events`. An older ledger may lack a withdrawal or an exit."""
RATE_MARGIN_PERCENT: Final = 25
"""By this much the contract lets the price move within an hour; usage is settled sooner."""
RATE_GRACE: Final = timedelta(hours=1)
"""How long after it was read a rate is used. Billing reads it at each of its ticks, every five minutes."""
UNKNOWN_GRACE: Final = timedelta(hours=1)
"""How long keys go on working after the last moment of which the standing was known."""
MICROTOKENS_MAX: Final = 2**63 - 1
_NEVER: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a standing is decided from.

    `low_balance_ufix64` is the plan's, in 1e-8 of the token. `ledger_complete_at`: when every event of the chain was in
    the ledger for the last time. `rate` values a bill in dollars.
    """

    subscription: Subscription
    live: LiveTotals
    low_balance_ufix64: int
    rate: KnownRate | None
    ledger_complete_at: datetime | None

    @property
    def metered_microtokens(self) -> int:
        """All usage, attested or not, confirmed or not."""
        return self.live.counted.rated_microtokens + self.live.unconfirmed.rated_microtokens


@dataclass(frozen=True, slots=True)
class Decision:
    """A standing at a moment.

    `left_microtokens`: how much more usage can be paid for, in rated micro-tokens. `metered_microtokens`: all usage so
    far. `known_until`: for an unknown standing, the last moment of which it was known; None if it never was.
    """

    standing: Standing
    owner: str | None = None
    left_microtokens: int = 0
    metered_microtokens: int = 0
    known_until: datetime | None = None


UNKNOWN: Final = Decision(Standing.UNKNOWN)


def decide(facts: Facts, now: datetime) -> Decision:
    """The standing of a subscription whose ledger could be read."""
    subscription = facts.subscription
    if subscription.status in {SubscriptionStatus.EXITING, SubscriptionStatus.CLOSED}:
        return _without_credit(facts, Standing.EXITING)
    waits_for, complete_at = subscription.waits_for, facts.ledger_complete_at
    if waits_for or complete_at is None or now - complete_at > LEDGER_AGE_MAX:
        return _without_credit(facts, Standing.UNKNOWN, waits_for.since if waits_for else complete_at)
    rate_ufix64 = cautious_rate_ufix64(facts.rate, now) if subscription.needs_rate else None
    due_ufix64 = most_due_in_tokens_ufix64(subscription, facts.metered_microtokens, rate_ufix64)
    if due_ufix64 is None:
        return _without_credit(facts, Standing.UNKNOWN, facts.rate.read_at if facts.rate else _NEVER)
    spendable_ufix64 = subscription.spendable_ufix64(now)
    if due_ufix64 >= spendable_ufix64:
        is_capped = due_ufix64 < subscription.balance_ufix64
        return _without_credit(facts, Standing.CAPPED if is_capped else Standing.OVERDRAWN)
    if subscription.status is SubscriptionStatus.SUSPENDED and subscription.spend_cap is None:
        return _without_credit(facts, Standing.OVERDRAWN)
    is_low = spendable_ufix64 - due_ufix64 < facts.low_balance_ufix64
    return Decision(
        Standing.WARNED if is_low else Standing.ACTIVE,
        subscription.owner,
        _left_microtokens(facts, spendable_ufix64, rate_ufix64),
        facts.metered_microtokens,
    )


def cautious_rate_ufix64(last: KnownRate | None, now: datetime) -> int | None:
    """The last rate less the margin; None if there is none that was read within the grace."""
    if last is None or now - last.read_at > RATE_GRACE:
        return None
    return max(1, last.rate_ufix64 * (100 - RATE_MARGIN_PERCENT) // 100)


def _without_credit(facts: Facts, standing: Standing, known_until: datetime | None = None) -> Decision:
    return Decision(
        standing,
        facts.subscription.owner,
        metered_microtokens=facts.metered_microtokens,
        known_until=known_until,
    )


def _left_microtokens(facts: Facts, spendable_ufix64: int, rate_ufix64: int | None) -> int:
    """The usage after which the bill reaches what can be spent, and does not exceed it.

    By bisection, since a bill never falls as usage grows.
    """

    def due_after(more_microtokens: int) -> int:
        total_microtokens = facts.metered_microtokens + more_microtokens
        due_ufix64 = most_due_in_tokens_ufix64(facts.subscription, total_microtokens, rate_ufix64)
        return UFIX64_MAX if due_ufix64 is None else due_ufix64

    below, beyond = 0, 1
    while beyond < MICROTOKENS_MAX and due_after(beyond) < spendable_ufix64:
        below, beyond = beyond, beyond * 2
    while beyond - below > 1:
        middle = (below + beyond) // 2
        below, beyond = (middle, beyond) if due_after(middle) < spendable_ufix64 else (below, middle)
    return beyond if due_after(beyond) <= spendable_ufix64 else below
