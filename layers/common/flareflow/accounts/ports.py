"""Ports of the accounts package but those of sign-in.

Adapters raise UnavailableError when their outside system gives no usable answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from flareflow.accounts.models import (
    UNLIMITED,
    CursorPage,
    IssuedKey,
    KeyLimits,
    KeyState,
    KeyStatus,
    OnChainSubscription,
    SubscriptionLeases,
    VirtualKey,
)

if TYPE_CHECKING:
    from flareflow.accounts.models import KnownStanding
    from flareflow.metering.models import LiveTotals
    from flareflow.metering.usage_events import UsageEvent
    from flareflow.settlement.charging import KnownRate
    from flareflow.settlement.entries import Entry
    from flareflow.settlement.subscription import Subscription


class OnChainSubscriptions(Protocol):
    """Subscriptions as the contract has them now."""

    def find(self, subscription_id: int) -> OnChainSubscription | None:
        """Raises FlowUnavailableError."""


class KeyIssuer(Protocol):
    """Virtual keys at LiteLLM. All methods but `issue` can be repeated; all raise KeyIssuerUnavailableError."""

    def issue(
        self, alias: str, subscription_id: int, owner: str, budget_microusd: int, limits: KeyLimits = UNLIMITED
    ) -> IssuedKey:
        """Create a key that can call models and nothing else, until that has cost its budget.

        `alias` must not be in use.
        """

    def delete_alias(self, alias: str) -> None:
        """Delete the key with this alias, if there is one."""

    def delete(self, key_hash: str) -> None:
        """Delete the key, if it exists."""

    def block(self, key_hash: str) -> None:
        """Make LiteLLM refuse the key; a key that does not exist changes nothing."""

    def unblock(self, key_hash: str) -> None:
        """Make LiteLLM serve the key again; a key that does not exist changes nothing."""

    def find(self, key_hash: str) -> KeyState | None:
        """The key as LiteLLM has it; None if LiteLLM knows of no such key."""

    def set_budget(self, key_hash: str, budget_microusd: int) -> None:
        """Set what the key may ever cost, in 1e-6 dollars; a key that does not exist changes nothing."""

    def expire(self, key_hash: str, at: datetime) -> None:
        """Let the key stop working at a moment; a key that does not exist changes nothing."""


class VirtualKeys(Protocol):
    """The virtual keys that were created here, by hash."""

    def find(self, key_hash: str) -> VirtualKey | None: ...

    def living(self, subscription_id: int) -> Sequence[VirtualKey]:
        """All keys of a subscription that are not deleted, oldest first."""

    def deleted(self, subscription_id: int, cursor: str | None) -> CursorPage[VirtualKey]:
        """A subscription's deleted keys, in no particular order."""

    def mark(self, key: VirtualKey, status: KeyStatus) -> bool:
        """Set the status; return False, without a change, if the key is deleted.

        Raises RaceLostError when another invocation changes the subscription's keys.
        """

    def note_budget(self, key: VirtualKey, budget_microusd: int) -> None:
        """Store the budget that LiteLLM has for the key; a deleted key is not changed."""

    def note_limits(self, key: VirtualKey, limits: KeyLimits) -> None:
        """Store the limits of the key; a deleted key is not changed."""

    def change(self, key: VirtualKey) -> bool:
        """Store the name and the cap of the key; return False, without a change, if the key is deleted."""


@dataclass(frozen=True, slots=True)
class KeyRequestClaim:
    """The right to process one idempotent request until `lease_until`.

    `resumed` says that an earlier attempt ended before it was done. `key_hash` is set once the request is done.
    """

    owner: str
    idempotency_key: str
    request_hash: str
    lease_until: datetime
    resumed: bool = False
    key_hash: str | None = None


class KeyRequests(Protocol):
    """The requests for keys, by account and `Idempotency-Key`."""

    def find(self, owner: str, idempotency_key: str) -> KeyRequestClaim | None: ...

    def claim(self, claim: KeyRequestClaim, now: datetime) -> None:
        """Claim a request that is new, or whose last attempt has no lease any more at `now`.

        Raises RaceLostError when another attempt holds it or it is done.
        """

    def release(self, claim: KeyRequestClaim, now: datetime) -> None:
        """End the lease, so that the next attempt can begin; a claim that is done or lost changes nothing."""

    def finish(self, claim: KeyRequestClaim, key: VirtualKey, replaced: VirtualKey | None = None) -> None:
        """Record the key, the limits of the one that it replaces, and that the request is done; all or nothing.

        Each key that the new one shares its cap with shares its own with the new one from then on. Raises RaceLostError
        when another attempt has taken over; when one of these keys is deleted, or the replaced one shares its cap with
        others than it did; when the key's owner does not own the subscription or its standing allows no calls; and when
        the subscription has `KEYS_PER_SUBSCRIPTION_MAX` keys that are not deleted.
        """


KEYS_PER_SUBSCRIPTION_MAX: Final = 20


class Standings(Protocol):
    """The standing of each subscription, as it was decided last."""

    def find(self, subscription_id: int) -> KnownStanding | None: ...

    def replace(self, after: KnownStanding) -> None:
        """Store a standing in place of the one with the version before.

        Raises RaceLostError when that is not the one that is stored.
        """


class Leases(Protocol):
    """The credit that gates hold."""

    def of(self, subscription_id: int) -> SubscriptionLeases:
        """The leases of a subscription, those that have run out among them."""

    def replace(self, after: SubscriptionLeases) -> None:
        """Store leases in place of the version before.

        Raises RaceLostError when that is not the one that is stored.
        """


class Ledger(Protocol):
    """Balances and journal, projected from the contract's events."""

    def complete_at(self) -> datetime | None:
        """When every event of the chain was in the ledger for the last time; None if it never was."""

    def low_balance_ufix64(self, plan_id: int, plan_version: int) -> int:
        """Below this balance a plan's subscriber is warned, in 1e-8 of the token; 0 for a plan that is not known."""

    def subscription(self, subscription_id: int) -> Subscription | None:
        """The subscription as of the last event that was read; None before its first."""

    def owned_by(self, owner: str, cursor: str | None) -> CursorPage[int]:
        """The ids of an account's subscriptions, in order."""

    def journal(self, subscription_id: int, cursor: str | None) -> CursorPage[Entry]:
        """The journal entries of a subscription, newest first."""


class OwnedSubscriptions(Protocol):
    """Which subscriptions an account has; a part of `Ledger`."""

    def owned_by(self, owner: str, cursor: str | None) -> CursorPage[int]:
        """The ids of an account's subscriptions, in order."""


class Rates(Protocol):
    """The rate of dollars."""

    def last_rate(self) -> KnownRate | None:
        """The last rate that the contract would have used; None before the first."""


class LiveUsage(Protocol):
    """Totals of metered usage, attested or not."""

    def live(self, subscription_id: int) -> LiveTotals:
        """The totals as of the last write."""


class MeteredUsage(LiveUsage, Protocol):
    """Metered usage, attested or not."""

    def events(self, subscription_id: int, epoch: int, cursor: str | None) -> CursorPage[UsageEvent]:
        """The usage events that were counted under an epoch."""
