"""Enforcement: a key works exactly while its subscription can pay for what was metered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from flareflow.accounts.models import KeyStatus, Price, VirtualKey
from flareflow.accounts.ports import KeyIssuer, Ledger, MeteredUsage, VirtualKeys
from flareflow.changes import StreamChange
from flareflow.errors import RaceLostError
from flareflow.metering.models import LiveTotals
from flareflow.settlement.journal import Subscription, SubscriptionStatus

ROUNDS_MAX: Final = 3


def can_pay(subscription: Subscription, live: LiveTotals, price: Price) -> bool:
    """Whether the balance is more than what was metered, confirmed or not, and is not charged yet."""
    metered = live.counted.rated_microtokens + live.unconfirmed.rated_microtokens
    uncharged_ufix64 = price(metered) - subscription.charged_ufix64
    return subscription.status is SubscriptionStatus.ACTIVE and uncharged_ufix64 < subscription.balance_ufix64


def affected_subscription(change: StreamChange) -> int | None:
    """The subscription whose ability to pay a stream record may have changed."""
    kind, _, subscription_id = change.pk.partition("#")
    return int(subscription_id) if kind == "SUB" and change.sk in {"LIVE", "STATE"} else None


@dataclass(frozen=True, slots=True)
class Enforce:
    """Block or unblock a subscription's keys by its ability to pay now.

    Two invocations may decide at the same time from different knowledge. So each looks again after it has changed
    anything, and the last to look is right. A key is marked CHANGING before LiteLLM is told: whatever crashes in
    between, the next look tells LiteLLM again.
    """

    ledger: Ledger
    usage: MeteredUsage
    keys: VirtualKeys
    issuer: KeyIssuer
    price: Price

    def run(self, subscription_id: int) -> None:
        """Raises KeyIssuerUnavailableError, StorageUnavailableError, or RaceLostError: ask again later."""
        for _ in range(ROUNDS_MAX):
            wanted = self._wanted(subscription_id)
            differing = self._keys_other_than(wanted, subscription_id) if wanted else []
            if not wanted or not differing:
                return
            for key in differing:
                self._change(key, wanted)
        raise RaceLostError(f"the funds of subscription {subscription_id} change faster than its keys")

    def _wanted(self, subscription_id: int) -> KeyStatus | None:
        """None while the chain's word on the subscription has not arrived: its keys stay as they are."""
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


def once_each(enforce: Callable[[int], None]) -> Callable[[StreamChange], None]:
    """Enforce each subscription once in a batch: the first look already sees what all the records say."""
    enforced: set[int] = set()

    def handle(change: StreamChange) -> None:
        subscription_id = affected_subscription(change)
        if subscription_id is not None and subscription_id not in enforced:
            enforce(subscription_id)
            enforced.add(subscription_id)

    return handle
