"""A ledger in memory, into which the journal is entered anew."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from flareflow.errors import RaceLostError
from flareflow.settlement.entries import REVENUE, Entry
from flareflow.settlement.journal import Posting, SettingAside
from flareflow.settlement.plans import PlanVersion
from flareflow.settlement.positions import SetAside
from flareflow.settlement.subscription import Subscription

type Key = tuple[str | int, ...]
"""What a record is and which one: `("subscription", 7)`."""
type Record = tuple[Key, object]


@dataclass(frozen=True, slots=True)
class UnreadableItem:
    """A stored item that breaks a rule or has an unknown form. The key of its record is its place in the table."""

    reason: str


UNREADABLE_KIND: Final = "unreadable item"
ENTRY_KIND: Final = "entry"
OF_EVENTS: Final = frozenset({ENTRY_KIND, "set aside"})
"""Kinds of records of one event each, whose keys end with its position."""


@dataclass(slots=True)
class RebuiltLedger:
    """`settlement.ports.Ledger` in memory, which hands its entries on and keeps none: a journal has more than fits.

    `on_advance` is told each block up to which all events were entered.
    """

    on_advance: Callable[[int], None]
    on_entry: Callable[[Entry], None]
    _revenue_ufix64: int | None = None
    _height: int | None = None
    _subscriptions: dict[int, Subscription] = field(default_factory=dict)
    _plans: dict[tuple[int, int], PlanVersion] = field(default_factory=dict)
    _retired: set[int] = field(default_factory=set)
    _aside: list[SetAside] = field(default_factory=list)
    _never_opened: set[int] = field(default_factory=set)

    def read_to(self) -> int | None:
        return self._height

    def advance(self, height: int) -> None:
        self._height = height
        self.on_advance(height)

    def note_complete(self, at: datetime) -> None:
        """Nothing: how old a rebuilt ledger is does not matter."""

    def subscription(self, subscription_id: int) -> Subscription | None:
        return self._subscriptions.get(subscription_id)

    def subscriptions_by_id(self, ids: Collection[int]) -> Mapping[int, Subscription]:
        return {number: self._subscriptions[number] for number in ids if number in self._subscriptions}

    def plan(self, plan_id: int, plan_version: int) -> PlanVersion | None:
        return self._plans.get((plan_id, plan_version))

    def add_plan(self, plan: PlanVersion) -> None:
        self._plans[plan.plan_id, plan.plan_version] = plan

    def retire_plan(self, plan_id: int) -> None:
        self._retired.add(plan_id)

    def record(self, postings: Sequence[Posting | SettingAside]) -> int:
        for posting in postings:
            after = posting.subscription
            if after is not None:
                if self._subscriptions.get(after.subscription_id) != posting.before:
                    raise RaceLostError(f"subscription {after.subscription_id} is not the one that was read")
                self._subscriptions[after.subscription_id] = after
            if isinstance(posting, SettingAside):
                self._aside.append(posting.aside)
            else:
                self._hand_on(posting.entry)
                if posting.never_opened is not None:
                    self._never_opened.add(posting.never_opened)
        return sum(isinstance(posting, Posting) for posting in postings)

    def _hand_on(self, entry: Entry) -> None:
        moved = [line.amount_ufix64 for line in entry.lines if line.account == REVENUE]
        if moved:
            self._revenue_ufix64 = (self._revenue_ufix64 or 0) + sum(moved)
        self.on_entry(entry)

    def set_aside(self, limit: int) -> Sequence[SetAside]:
        return self._aside[:limit]

    def forget(self, aside: SetAside) -> None:
        self._aside.remove(aside)

    def records(self) -> Iterator[Record]:
        """Everything that should be stored beside the entries, each once."""
        if self._revenue_ufix64 is not None:
            yield ("revenue",), self._revenue_ufix64
        for number, subscription in self._subscriptions.items():
            yield ("subscription", number), subscription
            yield ("settled", number), (subscription.settled_microtokens, subscription.tariff.needs_rate)
            yield ("owner", subscription.owner, number), True
        yield from ((("settled", one), (0, False)) for one in self._never_opened - self._subscriptions.keys())
        yield from ((("plan", *name), plan) for name, plan in self._plans.items())
        yield from ((("retired plan", plan_id), True) for plan_id in self._retired)
        yield from ((("set aside", *place_of(aside)), True) for aside in self._aside)


def record_of(entry: Entry) -> Record:
    """An entry as it is compared."""
    return (ENTRY_KIND, *place_of(entry)), entry


class EntrySums:
    """The entries of each subscription in any order, as a number: the sum of their hashes.

    Two journals of which a subscription has the same sum have the same entries of it, but for one chance in 2**61.
    """

    def __init__(self) -> None:
        self._sums: defaultdict[str | int, int] = defaultdict(int)

    def add(self, record: Record) -> None:
        """Add the record of an entry."""
        key, _ = record
        self._sums[key[1]] += hash(record)

    def differing(self, other: "EntrySums") -> set[str | int]:
        """The subscriptions of which the entries are not the same; `-` stands for no subscription."""
        return {one for one in self._sums.keys() | other._sums.keys() if self._sums[one] != other._sums[one]}


def place_of(entry: Entry | SetAside) -> Key:
    """Whose entry it is and where its event is in the chain; `-` stands for no subscription."""
    return "-" if entry.subscription_id is None else entry.subscription_id, *entry.position
