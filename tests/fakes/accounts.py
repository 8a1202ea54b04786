"""In-memory fakes of the accounts package's ports; those of outside systems fail when told to."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from flareflow.accounts.models import (
    AccountKey,
    CursorPage,
    KeyLimits,
    KeyStatus,
    KnownStanding,
    OnChainSubscription,
    Session,
    SubscriptionLeases,
    VirtualKey,
)
from flareflow.accounts.ports import KEYS_PER_SUBSCRIPTION_MAX, KeyRequestClaim
from flareflow.errors import RaceLostError
from flareflow.metering.models import LiveTotals, Usage
from flareflow.metering.usage_events import UsageEvent
from flareflow.settlement.entries import Entry
from flareflow.settlement.positions import Position
from flareflow.settlement.subscription import Subscription, SubscriptionStatus

ALICE = "0x00000000000a11ce"
BOB = "0x0000000000000b0b"


@dataclass
class FakeClock:
    """Time that passes when a test says so."""

    now: datetime = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, step: timedelta) -> None:
        self.now += step


@dataclass
class FakeTokens:
    """Tokens that can be told apart: 64 hex digits, counted up."""

    given: int = 0

    def __call__(self) -> str:
        self.given += 1
        return f"{self.given:064x}"


@dataclass
class FakeNonces:
    """`Nonces` in memory."""

    expiries: dict[str, datetime] = field(default_factory=dict)

    def put(self, nonce: str, expires_at: datetime) -> None:
        self.expiries[nonce] = expires_at

    def consume(self, nonce: str, now: datetime) -> bool:
        if self.expiries.get(nonce, now) <= now:
            return False
        del self.expiries[nonce]
        return True


@dataclass
class FakeSessions:
    """`Sessions` in memory."""

    sessions: dict[tuple[str, str], Session] = field(default_factory=dict)

    def open(self, session: Session) -> None:
        self.sessions[session.address, session.session_id] = session

    def find(self, address: str, session_id: str) -> Session | None:
        return self.sessions.get((address, session_id))

    def refresh(self, before: Session, after: Session) -> bool:
        stored = self.find(before.address, before.session_id)
        if stored is None or stored.refresh_hash != before.refresh_hash:
            return False
        self.open(after)
        return True

    def confirm(self, session: Session) -> None:
        stored = self.find(session.address, session.session_id)
        if stored and stored.access_hash == session.access_hash:
            self.open(replace(stored, replaced_hash=""))

    def of(self, address: str) -> Sequence[Session]:
        return [session for session in self.sessions.values() if session.address == address]

    def end(self, address: str, session_id: str) -> bool:
        return self.sessions.pop((address, session_id), None) is not None


@dataclass
class FakeRequestCounts:
    """`RequestCounts` in memory."""

    requests: dict[tuple[str, datetime], int] = field(default_factory=dict)

    def count(self, counter: str, window_end: datetime, most: int) -> bool:
        before = self.requests.get((counter, window_end), 0)
        if before >= most:
            return False
        self.requests[counter, window_end] = before + 1
        return True


@dataclass
class FakeAccountKeys:
    """`AccountKeys` in memory."""

    keys: dict[str, list[AccountKey]] = field(default_factory=dict)

    def of(self, address: str) -> Sequence[AccountKey]:
        return self.keys.get(address, [])


@dataclass
class FakeOnChainSubscriptions:
    """`OnChainSubscriptions` in memory."""

    subscriptions: dict[int, OnChainSubscription] = field(default_factory=dict)

    def open(self, subscription_id: int, owner: str) -> None:
        self.subscriptions[subscription_id] = OnChainSubscription(subscription_id, owner, is_open=True)

    def close(self, subscription_id: int) -> None:
        self.subscriptions[subscription_id] = replace(self.subscriptions[subscription_id], is_open=False)

    def find(self, subscription_id: int) -> OnChainSubscription | None:
        return self.subscriptions.get(subscription_id)


@dataclass
class FakeVirtualKeys:
    """`VirtualKeys` in memory."""

    keys: dict[str, VirtualKey] = field(default_factory=dict)

    def find(self, key_hash: str) -> VirtualKey | None:
        return self.keys.get(key_hash)

    def living(self, subscription_id: int) -> Sequence[VirtualKey]:
        own = [key for key in self._of(subscription_id) if key.status is not KeyStatus.DELETED]
        return sorted(own, key=lambda key: key.created_at)

    def deleted(self, subscription_id: int, cursor: str | None) -> CursorPage[VirtualKey]:
        return CursorPage([key for key in self._of(subscription_id) if key.status is KeyStatus.DELETED], None)

    def _of(self, subscription_id: int) -> Sequence[VirtualKey]:
        return [key for key in self.keys.values() if key.subscription_id == subscription_id]

    def note_budget(self, key: VirtualKey, budget_microusd: int) -> None:
        if key.key_hash in self.keys:
            self.keys[key.key_hash] = replace(self.keys[key.key_hash], budget_microusd=budget_microusd)

    def note_limits(self, key: VirtualKey, limits: KeyLimits) -> None:
        self._change(key, limits=limits)

    def change(self, key: VirtualKey) -> bool:
        return self._change(key, alias=key.alias, cap_microtokens=key.cap_microtokens)

    def _change(self, key: VirtualKey, **changes: object) -> bool:
        known = self.keys.get(key.key_hash)
        if known is None or known.status is KeyStatus.DELETED:
            return False
        self.keys[key.key_hash] = replace(known, **changes)  # type: ignore[arg-type]
        return True

    def mark(self, key: VirtualKey, status: KeyStatus) -> bool:
        known = self.keys.get(key.key_hash)
        if known is None or known.status is KeyStatus.DELETED:
            return False
        self.keys[key.key_hash] = replace(known, status=status)
        return True


@dataclass
class FakeStandings:
    """`Standings` in memory."""

    known: dict[int, KnownStanding] = field(default_factory=dict)

    def find(self, subscription_id: int) -> KnownStanding | None:
        return self.known.get(subscription_id)

    def replace(self, after: KnownStanding) -> None:
        before = self.known.get(after.subscription_id)
        if after.version != (before.version + 1 if before else 1):
            raise RaceLostError("another standing was stored")
        self.known[after.subscription_id] = after


@dataclass
class FakeLeases:
    """`Leases` in memory."""

    stored: dict[int, SubscriptionLeases] = field(default_factory=dict)

    def of(self, subscription_id: int) -> SubscriptionLeases:
        return self.stored.get(subscription_id, SubscriptionLeases(subscription_id, {}, 0))

    def replace(self, after: SubscriptionLeases) -> None:
        if after.version != self.of(after.subscription_id).version + 1:
            raise RaceLostError("other leases were stored")
        self.stored[after.subscription_id] = after


@dataclass
class FakeKeyRequests:
    """`KeyRequests` in memory, recording keys where `virtual_keys` finds them."""

    virtual_keys: FakeVirtualKeys
    standings: FakeStandings
    claims: dict[tuple[str, str], KeyRequestClaim] = field(default_factory=dict)

    def find(self, owner: str, idempotency_key: str) -> KeyRequestClaim | None:
        return self.claims.get((owner, idempotency_key))

    def claim(self, claim: KeyRequestClaim, now: datetime) -> None:
        held = self.find(claim.owner, claim.idempotency_key)
        if held and (held.key_hash or held.lease_until > now):
            raise RaceLostError("held by another attempt")
        self.claims[claim.owner, claim.idempotency_key] = replace(claim, resumed=False)

    def release(self, claim: KeyRequestClaim, now: datetime) -> None:
        if self._is_mine(claim):
            self.claims[claim.owner, claim.idempotency_key] = replace(claim, lease_until=now, resumed=False)

    def finish(self, claim: KeyRequestClaim, key: VirtualKey, replaced: VirtualKey | None = None) -> None:
        if not self._is_mine(claim):
            raise RaceLostError("the lease was lost")
        known_keys = self.virtual_keys.keys
        touched = {*key.shares_cap_with, *([replaced.key_hash] if replaced else [])}
        if any(known_keys[one].status is KeyStatus.DELETED for one in touched):
            raise RaceLostError("the replaced key is deleted, or one that shares its cap")
        if replaced and known_keys[replaced.key_hash].shares_cap_with != replaced.shares_cap_with:
            raise RaceLostError("the replaced key shares its cap with others by now")
        known = self.standings.find(key.subscription_id)
        if known is None or known.owner != key.owner or not known.standing.allows_calls:
            raise RaceLostError("the standing allows no key")
        if len(self.virtual_keys.living(key.subscription_id)) >= KEYS_PER_SUBSCRIPTION_MAX:
            raise RaceLostError("there are as many keys as there may be")
        self.claims[claim.owner, claim.idempotency_key] = replace(claim, key_hash=key.key_hash, resumed=False)
        self.virtual_keys.keys[key.key_hash] = key
        if replaced:
            self.virtual_keys.note_limits(replaced, replaced.limits)
        for one in key.shares_cap_with:
            other = known_keys[one]
            known_keys[one] = replace(other, shares_cap_with={**other.shares_cap_with, key.key_hash: 0})

    def _is_mine(self, claim: KeyRequestClaim) -> bool:
        held = self.find(claim.owner, claim.idempotency_key)
        return held is not None and held.key_hash is None and held.lease_until == claim.lease_until


@dataclass
class FakeLedger:
    """`Ledger`, `Charges` and `realtime.ports.Owners` in memory, complete as of `complete`.

    No list is longer than a page.
    """

    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    complete: datetime | None = FakeClock.now
    low_balances: dict[int, int] = field(default_factory=dict)

    def complete_at(self) -> datetime | None:
        return self.complete

    def low_balance_ufix64(self, plan_id: int, plan_version: int) -> int:
        return self.low_balances.get(plan_id, 0)

    def open(self, subscription_id: int, owner: str, deposit_ufix64: int) -> None:
        self.subscriptions[subscription_id] = Subscription(
            subscription_id=subscription_id,
            owner=owner,
            plan_id=1,
            plan_version=1,
            position=Position(1, 0, subscription_id),
            balance_ufix64=deposit_ufix64,
            deposited_ufix64=deposit_ufix64,
        )

    def top_up(self, subscription_id: int, amount_ufix64: int) -> None:
        before = self.subscriptions[subscription_id]
        self.subscriptions[subscription_id] = replace(
            before,
            balance_ufix64=before.balance_ufix64 + amount_ufix64,
            deposited_ufix64=before.deposited_ufix64 + amount_ufix64,
        )

    def set_status(self, subscription_id: int, status: SubscriptionStatus) -> None:
        self.subscriptions[subscription_id] = replace(self.subscriptions[subscription_id], status=status)

    def subscription(self, subscription_id: int) -> Subscription | None:
        return self.subscriptions.get(subscription_id)

    def owner(self, subscription_id: int) -> str | None:
        found = self.subscriptions.get(subscription_id)
        return found.owner if found else None

    def owned_by(self, owner: str, cursor: str | None) -> CursorPage[int]:
        return CursorPage([number for number, one in self.subscriptions.items() if one.owner == owner], None)

    def journal(self, subscription_id: int, cursor: str | None) -> CursorPage[Entry]:
        own = [entry for entry in self.entries if entry.subscription_id == subscription_id]
        return CursorPage(sorted(own, key=lambda entry: entry.position, reverse=True), None)

    def charges(self, subscription_id: int, from_epoch: int) -> Sequence[Entry]:
        own = self.journal(subscription_id, None).items
        return [one for one in own if one.settled_microtokens and (one.epoch or 0) >= from_epoch]


@dataclass
class FakeMeteredUsage:
    """`MeteredUsage` in memory; no list is longer than a page."""

    totals: dict[int, LiveTotals] = field(default_factory=dict)
    by_epoch: dict[tuple[int, int], list[UsageEvent]] = field(default_factory=dict)

    def meter(self, subscription_id: int, *, counted: int = 0, unconfirmed: int = 0) -> None:
        """Set the rated micro-tokens."""
        self.totals[subscription_id] = LiveTotals(
            counted=Usage(rated_microtokens=counted), unconfirmed=Usage(rated_microtokens=unconfirmed)
        )

    def live(self, subscription_id: int) -> LiveTotals:
        return self.totals.get(subscription_id, LiveTotals())

    def events(self, subscription_id: int, epoch: int, cursor: str | None) -> CursorPage[UsageEvent]:
        return CursorPage(self.by_epoch.get((subscription_id, epoch), []), None)
