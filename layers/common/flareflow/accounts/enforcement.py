"""Enforcement: a key works exactly while its subscription can pay for the metered usage."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from flareflow.accounts.models import KeyStatus, Price, VirtualKey
from flareflow.accounts.ports import KeyIssuer, Ledger, MeteredUsage, VirtualKeys
from flareflow.errors import RaceLostError
from flareflow.metering.models import LiveTotals
from flareflow.settlement.journal import Subscription, SubscriptionStatus

ROUNDS_MAX: Final = 3


def can_pay(subscription: Subscription, live: LiveTotals, price: Price) -> bool:
    """Whether the subscription is active and its balance exceeds the price of all metered, uncharged usage.

    Unconfirmed usage counts too.
    """
    metered = live.counted.rated_microtokens + live.unconfirmed.rated_microtokens
    uncharged_ufix64 = price(metered) - subscription.charged_ufix64
    return subscription.status is SubscriptionStatus.ACTIVE and uncharged_ufix64 < subscription.balance_ufix64


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
    price: Price

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
        pays = can_pay(subscription, self.usage.live(subscription_id), self.price)
        return KeyStatus.ACTIVE if pays else KeyStatus.BLOCKED

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
