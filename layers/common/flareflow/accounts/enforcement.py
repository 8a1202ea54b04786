"""Enforcement: a key works exactly while its subscription can pay for the metered usage.

Usage on a plan in dollars is valued at the last rate that the contract would have used, less a margin: until the
usage is settled, the price of the token may fall. Once no rate could be read for longer than the grace, the value is
unknown, and keys of subscriptions with usage that is not charged yet are blocked until a settlement brings a rate.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flareflow.accounts.models import KeyStatus, VirtualKey
from flareflow.accounts.ports import KeyIssuer, Ledger, MeteredUsage, Rates, VirtualKeys
from flareflow.errors import RaceLostError
from flareflow.metering.models import LiveTotals
from flareflow.settlement.charging import KnownRate, tokens_ufix64
from flareflow.settlement.journal import Subscription, SubscriptionStatus
from flareflow.time import Clock

ROUNDS_MAX: Final = 3
RATE_MARGIN_PERCENT: Final = 25
"""By this much the contract lets the price move within an hour; usage is settled sooner."""
RATE_GRACE: Final = timedelta(hours=1)
"""How long after it was read a rate is used. Billing reads it at each of its ticks, every five minutes."""


def can_pay(subscription: Subscription, live: LiveTotals, rate_ufix64: int | None) -> bool:
    """Whether the subscription is active and its balance exceeds the price of all metered, uncharged usage.

    Unconfirmed usage counts too. `rate_ufix64` values a bill in dollars; while it is None, usage that is not charged
    yet cannot be valued, and the subscription cannot pay.
    """
    if subscription.status is not SubscriptionStatus.ACTIVE:
        return False
    due_ufix64 = subscription.due_ufix64(live.counted.rated_microtokens + live.unconfirmed.rated_microtokens)
    if not subscription.tariff.needs_rate or due_ufix64 == 0:
        return due_ufix64 < subscription.balance_ufix64
    return rate_ufix64 is not None and tokens_ufix64(due_ufix64, rate_ufix64) < subscription.balance_ufix64


def cautious_rate_ufix64(last: KnownRate | None, now: datetime) -> int | None:
    """The last rate less the margin; None if there is none that was read within the grace."""
    if last is None or now - last.read_at > RATE_GRACE:
        return None
    return max(1, last.rate_ufix64 * (100 - RATE_MARGIN_PERCENT) // 100)


@dataclass(frozen=True, slots=True)
class Enforce:
    """Block a subscription's keys when it cannot pay, unblock them when it can.

    Concurrent invocations may read different balances, so each re-checks after a change; the last check wins. A key
    is marked CHANGING before LiteLLM is called: after a crash in between, the next run calls LiteLLM again.
    """

    ledger: Ledger
    usage: MeteredUsage
    keys: VirtualKeys
    issuer: KeyIssuer
    rates: Rates
    clock: Clock

    def run(self, subscription_id: int) -> None:
        """Enforce one subscription; may be repeated.

        Raises KeyIssuerUnavailableError or StorageUnavailableError, and RaceLostError when the balance has changed
        after each of `ROUNDS_MAX` rounds.
        """
        for _ in range(ROUNDS_MAX):
            wanted = self._wanted(subscription_id)
            differing = self._keys_other_than(wanted, subscription_id) if wanted else []
            if not wanted or not differing:
                return
            for key in differing:
                self._change(key, wanted)
        raise RaceLostError(f"the balance of subscription {subscription_id} changed in each of {ROUNDS_MAX} rounds")

    def _wanted(self, subscription_id: int) -> KeyStatus | None:
        """The status that keys should have; None while no chain event of the subscription was read."""
        subscription = self.ledger.subscription(subscription_id)
        if subscription is None:
            return None
        rate_ufix64 = self._rate_ufix64() if subscription.tariff.needs_rate else None
        pays = can_pay(subscription, self.usage.live(subscription_id), rate_ufix64)
        return KeyStatus.ACTIVE if pays else KeyStatus.BLOCKED

    def _rate_ufix64(self) -> int | None:
        return cautious_rate_ufix64(self.rates.last_rate(), self.clock())

    def _keys_other_than(self, wanted: KeyStatus, subscription_id: int) -> Sequence[VirtualKey]:
        fine = {wanted, KeyStatus.DELETED}
        return [key for key in self.keys.of_subscription(subscription_id) if key.status not in fine]

    def _change(self, key: VirtualKey, wanted: KeyStatus) -> None:
        if not self.keys.mark(key, KeyStatus.CHANGING):
            return
        if wanted is KeyStatus.BLOCKED:
            self.issuer.block(key.key_hash)
        else:
            self.issuer.unblock(key.key_hash)
        self.keys.mark(key, wanted)


def once_each(enforce: Callable[[int], None]) -> Callable[[int], None]:
    """Wrap `enforce` so that it runs once for each subscription of a batch.

    Once is enough: it reads the present state, which contains all changes of the batch.
    """
    enforced: set[int] = set()

    def handle(subscription_id: int) -> None:
        if subscription_id not in enforced:
            enforce(subscription_id)
            enforced.add(subscription_id)

    return handle
