"""A ledger in memory, into which the journal is entered anew."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from flareflow.errors import RaceLostError
from flareflow.settlement.entries import REVENUE, Entry
from flareflow.settlement.events import SetAside
from flareflow.settlement.journal import Posting, SettingAside, Subscription
from flareflow.settlement.plans import PlanVersion

type Key = tuple[str | int, ...]
"""What a record is and which one: `("subscription", 7)`."""
type Record = tuple[Key, object]


@dataclass(frozen=True, slots=True)
class UnreadableItem:
    """A stored item that breaks a rule or has an unknown form. The key of its record is its place in the table."""

    reason: str


UNREADABLE_KIND: Final = "unreadable item"


@dataclass(slots=True)
class RebuiltLedger:
    """`settlement.ports.Ledger` in memory. `on_advance` is told each block up to which all events were entered."""

    on_advance: Callable[[int], None]
    entries: list[Entry] = field(default_factory=list)
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
                self.entries.append(posting.entry)
                if posting.never_opened is not None:
                    self._never_opened.add(posting.never_opened)
        return sum(isinstance(posting, Posting) for posting in postings)

    def set_aside(self, limit: int) -> Sequence[SetAside]:
        return self._aside[:limit]

    def forget(self, aside: SetAside) -> None:
        self._aside.remove(aside)

    def records(self) -> Iterator[Record]:
        """Everything that should be stored, each once."""
        yield from ((("entry", *place_of(entry)), entry) for entry in self.entries)
        moved = [line.amount_ufix64 for entry in self.entries for line in entry.lines if line.account == REVENUE]
        if moved:
            yield ("revenue",), sum(moved)
        for number, subscription in self._subscriptions.items():
            yield ("subscription", number), subscription
            yield ("settled", number), (subscription.settled_microtokens, subscription.tariff.needs_rate)
            yield ("owner", subscription.owner, number), True
        yield from ((("settled", one), (0, False)) for one in self._never_opened - self._subscriptions.keys())
        yield from ((("plan", *name), plan) for name, plan in self._plans.items())
        yield from ((("retired plan", plan_id), True) for plan_id in self._retired)
        yield from ((("set aside", *place_of(aside)), True) for aside in self._aside)


def place_of(entry: Entry | SetAside) -> Key:
    """Whose entry it is and where its event is in the chain; `-` stands for no subscription."""
    return "-" if entry.subscription_id is None else entry.subscription_id, *entry.position
