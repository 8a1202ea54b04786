"""Fakes of settlement's ports: a chain that executes what it is sent when time passes, and tables in memory."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from flareflow.errors import FlowAnswerTooLargeError, FlowRefusedError, FlowUnavailableError, RaceLostError
from flareflow.settlement.charging import KnownRate
from flareflow.settlement.entries import Entry
from flareflow.settlement.events import BlocksRead, ChainEvent, Unreadable
from flareflow.settlement.health import Health, System
from flareflow.settlement.journal import Posting, SettingAside
from flareflow.settlement.plans import PlanVersion
from flareflow.settlement.positions import Position, SetAside
from flareflow.settlement.statistics import DayOfStatus, LedgerPart, Sums
from flareflow.settlement.status import Status
from flareflow.settlement.subscription import Subscription
from flareflow.settlement.transactions import Call, Outgoing, Progress, SignedTransaction, Stage
from flareflow.statements.ports import Settled
from flareflow.time import Deadline

EXPIRY_BLOCKS = 600


@dataclass
class FakeClock:
    """A clock that only `move` changes."""

    now: datetime = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def deadline(self, seconds: float = 240) -> Deadline:
        return Deadline(self.now + timedelta(seconds=seconds), self)


@dataclass
class FakeFlow:
    """`Flow`: transactions wait in a pool until `mine`, which executes each once if its sequence number is next.

    `failing` maps purposes to the reason why they fail on the chain, `refusing` to that of the node.
    """

    keys: tuple[int, ...] = (0, 1)
    height: int = 0
    failing: dict[str, str] = field(default_factory=dict)
    refusing: dict[str, str] = field(default_factory=dict)
    executed: list[str] = field(default_factory=list)
    signed: int = 0
    sends: Counter[str] = field(default_factory=Counter)
    loses_answers: bool = False
    loses_transactions: bool = False
    sequence: Counter[int] = field(default_factory=Counter)
    _pool: list[SignedTransaction] = field(default_factory=list)
    _progress: dict[str, Progress] = field(default_factory=dict)

    def proposer_keys(self) -> Sequence[int]:
        return self.keys

    def sign(self, call: Call, key_index: int) -> SignedTransaction:
        self.signed += 1
        content = f"{key_index}|{self.sequence[key_index]}|{call.purpose}|{self.signed}"
        return SignedTransaction(f"{self.signed:064x}", content.encode(), self.height)

    def send(self, transaction: SignedTransaction) -> str | None:
        self.sends[transaction.id] += 1
        refusal = self.refusing.get(_purpose(transaction))
        if refusal:
            return refusal
        if not self.loses_transactions and transaction.id not in self._progress:
            self._pool.append(transaction)
            self._progress[transaction.id] = Progress(Stage.PENDING)
        if self.loses_answers or self.loses_transactions:
            raise FlowUnavailableError("the answer was lost")
        return None

    def progress(self, transaction: SignedTransaction) -> Progress:
        known = self._progress.get(transaction.id)
        if known is None and self.height > transaction.reference_height + EXPIRY_BLOCKS:
            return Progress(Stage.VOID, "expired")
        return known or Progress(Stage.UNKNOWN)

    def mine(self, blocks: int = 1) -> None:
        self.height += blocks
        pool, self._pool = self._pool, []
        for transaction in pool:
            self._progress[transaction.id] = self._execute(transaction)

    def _execute(self, transaction: SignedTransaction) -> Progress:
        key_index, sequence, purpose, _ = transaction.content.decode().split("|")
        if int(sequence) != self.sequence[int(key_index)]:
            return Progress(Stage.VOID, "[Error Code: 1007]")
        self.sequence[int(key_index)] += 1
        if purpose in self.failing:
            return Progress(Stage.FAILED, self.failing[purpose])
        self.executed.append(purpose)
        return Progress(Stage.SUCCEEDED)


def _purpose(transaction: SignedTransaction) -> str:
    return transaction.content.decode().split("|")[2]


@dataclass
class FakeOutbox:
    """`Outbox` in memory."""

    kept: dict[str, Outgoing] = field(default_factory=dict)

    def get(self, purpose: str) -> Outgoing | None:
        return self.kept.get(purpose)

    def save(self, outgoing: Outgoing) -> Outgoing:
        known = self.kept.get(outgoing.purpose)
        if (known.version if known else 0) != outgoing.version:
            raise RaceLostError(f"{outgoing.purpose} was changed by another")
        saved = replace(outgoing, version=outgoing.version + 1)
        self.kept[outgoing.purpose] = saved
        return saved


@dataclass
class FakeProposerKeys:
    """`ProposerKeys` in memory."""

    leases: dict[int, tuple[str, datetime]] = field(default_factory=dict)

    def lease(self, purpose: str, key_indices: Sequence[int], now: datetime, until: datetime) -> int | None:
        for index in key_indices:
            holder, leased_until = self.leases.get(index, (purpose, now))
            if holder == purpose or leased_until < now:
                self.leases[index] = (purpose, until)
                return index
        return None

    def release(self, purpose: str, key_index: int) -> None:
        if key_index in self.leases and self.leases[key_index][0] == purpose:
            del self.leases[key_index]


@dataclass
class FakeLightClient:
    """`LightClient` whose newest policy follows from the roll transactions that a `FakeFlow` has executed."""

    flow: FakeFlow
    newest: int = 0
    policies_per_transaction: int = 1

    def latest_reward_epoch(self) -> int:
        rolled = [int(purpose.split("#")[1]) for purpose in self.flow.executed if purpose.startswith("roll#")]
        return max([self.newest, *(first + self.policies_per_transaction - 1 for first in rolled)])


@dataclass
class FakeSettledTotals:
    """`SettledTotals` in memory; `in_dollars` need a rate, and of those that have `ended` nothing is charged."""

    kept: dict[int, int] = field(default_factory=dict)
    in_dollars: set[int] = field(default_factory=set)

    ended: set[int] = field(default_factory=set)
    held_back: dict[int, datetime] = field(default_factory=dict)
    """From when on what is owed can be charged."""
    has_rate: bool = True

    def all(self) -> Mapping[int, int]:
        return self.kept

    def due(self, now: datetime) -> Mapping[int, int]:
        chargeable = [one for one in self.held_back if self.has_rate or one not in self.in_dollars]
        return {one: self.kept[one] for one in chargeable if self.held_back[one] <= now}

    def of(self, subscription_ids: Collection[int]) -> Mapping[int, Settled]:
        return {
            one: Settled(self.kept.get(one, 0), one in self.in_dollars, one in self.ended, self.held_back.get(one))
            for one in subscription_ids
        }


@dataclass
class FakeDollarRates:
    """`DollarRates`: a price that a test sets, or the reason why it is refused; `is_down` is a node that is silent."""

    rate_ufix64: int = 25_000_000
    refusal: str | None = None
    is_down: bool = False

    def now(self) -> int:
        if self.is_down:
            raise FlowUnavailableError("Flow gave no answer")
        if self.refusal is not None:
            raise FlowRefusedError(self.refusal)
        return self.rate_ufix64


@dataclass
class FakeKnownRates:
    """`KnownRates` in memory."""

    last: KnownRate | None = None

    def last_rate(self) -> KnownRate | None:
        return self.last

    def note_rate(self, rate: KnownRate) -> None:
        self.last = rate


@dataclass
class FakePlans:
    """`Plans` of given versions."""

    versions: Sequence[PlanVersion]

    def all(self) -> Sequence[PlanVersion]:
        return self.versions


@dataclass
class FakeDepositToken:
    """`DepositToken`."""

    dollar: bool = False

    def is_dollar(self) -> bool:
        return self.dollar


@dataclass
class FakeChainLog:
    """`ChainLog` of given events; more than `events_max` make an answer too large.

    A node that is behind covers only blocks up to `covered_height`.
    """

    sealed_height: int = 0
    happened: list[ChainEvent] = field(default_factory=list)
    asked: list[tuple[int, int]] = field(default_factory=list)
    events_max: int = 10**9
    covered_height: int = 10**9

    def latest_sealed_height(self) -> int:
        return self.sealed_height

    def events(self, first_height: int, last_height: int, names: Collection[str] | None = None) -> BlocksRead:
        assert last_height <= self.sealed_height, "blocks beyond the sealed one cannot be asked for"
        self.asked.append((first_height, last_height))
        read_to = min(last_height, self.covered_height)
        inside = [event for event in self.happened if first_height <= event.position.height <= read_to]
        if len(inside) > self.events_max:
            raise FlowAnswerTooLargeError(f"{len(inside)} events")
        if names is not None:
            inside = [event for event in inside if _name(event) in names]
        return BlocksRead(read_to, sorted(inside, key=lambda event: event.position))


def _name(event: ChainEvent) -> str:
    return event.happened.name if isinstance(event.happened, Unreadable) else type(event.happened).__name__


@dataclass
class FakeLedger:
    """`Ledger` in memory; what is stored of the subscriptions in `unreadable` cannot be read."""

    entries: list[Entry] = field(default_factory=list)
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    plans: dict[tuple[int, int], PlanVersion] = field(default_factory=dict)
    retired: set[int] = field(default_factory=set)
    aside: list[SetAside] = field(default_factory=list)
    height: int | None = None
    complete_at: datetime | None = None
    unreadable: dict[int, Exception] = field(default_factory=dict)

    def read_to(self) -> int | None:
        return self.height

    def advance(self, height: int) -> None:
        self.height = max(height, self.height or 0)

    def note_complete(self, at: datetime) -> None:
        self.complete_at = at

    def subscription(self, subscription_id: int) -> Subscription | None:
        return self.subscriptions_by_id({subscription_id}).get(subscription_id)

    def subscriptions_by_id(self, ids: Collection[int]) -> Mapping[int, Subscription]:
        for number in ids:
            if number in self.unreadable:
                raise self.unreadable[number]
        return {number: kept for number, kept in self.subscriptions.items() if number in ids}

    def plan(self, plan_id: int, plan_version: int) -> PlanVersion | None:
        return self.plans.get((plan_id, plan_version))

    def add_plan(self, plan: PlanVersion) -> None:
        self.plans[plan.plan_id, plan.plan_version] = plan

    def retire_plan(self, plan_id: int) -> None:
        self.retired.add(plan_id)

    def record(self, postings: Sequence[Posting | SettingAside]) -> int:
        return sum(self._record(posting) for posting in postings)

    def set_aside(self, limit: int) -> Sequence[SetAside]:
        return sorted(self.aside, key=lambda aside: (aside.subscription_id or -1, aside.position))[:limit]

    def forget(self, aside: SetAside) -> None:
        self.aside = [one for one in self.aside if _place(one) != _place(aside)]

    def _record(self, posting: Posting | SettingAside) -> bool:
        entry = posting.entry if isinstance(posting, Posting) else posting.aside
        after = posting.subscription
        if _place(entry) in {_place(known) for known in [*self.entries, *self.aside] if type(known) is type(entry)}:
            return False
        if after is not None:
            before = self.subscriptions.get(after.subscription_id)
            if (before and before.position) != (posting.before and posting.before.position):
                raise RaceLostError(f"subscription {after.subscription_id} was changed by another")
            self.subscriptions[after.subscription_id] = after
        if isinstance(posting, SettingAside):
            self.aside.append(posting.aside)
            return False
        if posting.replaces:
            self.forget(posting.replaces)
        self.entries.append(posting.entry)
        return True


def _place(entry: Entry | SetAside) -> tuple[int | None, Position]:
    return entry.subscription_id, entry.position


@dataclass
class FakeStatistics:
    """`KeptStatistics` in memory."""

    kept: Sums = field(default_factory=Sums)
    noted: dict[date, list[Status]] = field(default_factory=dict)

    def sums(self) -> Sums:
        return self.kept

    def keep(self, sums: Sums) -> None:
        self.kept = sums

    def note_status(self, day: date, status: Status) -> None:
        self.noted.setdefault(day, []).append(status)

    def days(self, since: date, limit: int) -> Sequence[DayOfStatus]:
        found = sorted((day for day in self.noted if day >= since), reverse=True)
        return [_day_of(day, self.noted[day]) for day in found[:limit]]


def _day_of(day: date, noted: Sequence[Status]) -> DayOfStatus:
    lag = sum(status.pipeline.lag_seconds for status in noted) // len(noted)
    told = [(one.system, one.health) for status in noted for one in status.systems]
    systems = {system: {health: told.count((system, health)) for health in Health} for system in System}
    return DayOfStatus(day, len(noted), lag, systems)


@dataclass
class FakeSubscriptionsInOrder:
    """`SubscriptionsInOrder` over some subscriptions."""

    subscriptions: list[Subscription] = field(default_factory=list)

    def part(self, after: int | None, limit: int) -> LedgerPart:
        ordered = sorted(self.subscriptions, key=lambda one: one.subscription_id)
        left = [one for one in ordered if after is None or one.subscription_id > after][:limit]
        return LedgerPart(left, 0, left[-1].subscription_id if left else None)
