"""Rebuilds the books from their sources and compares them with what is stored.

The sources are the contract's events on Flow, the statements' public documents and the decided cases.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, NamedTuple

from flareflow.books.ports import AllCases, MeteredUsage, SealedUsage, StoredLedger
from flareflow.books.rebuilt import (
    ENTRY_KIND,
    OF_EVENTS,
    UNREADABLE_KIND,
    EntrySums,
    Key,
    RebuiltLedger,
    Record,
    record_of,
)
from flareflow.books.transactions import Balances, attested, metered, of_case, of_entry
from flareflow.errors import UNREADABLE
from flareflow.metering.cases import Case, Verdict
from flareflow.metering.models import Usage
from flareflow.settlement.chain_events import ReadChainEvents
from flareflow.settlement.entries import Entry
from flareflow.settlement.events import BlocksRead, Credited
from flareflow.settlement.ports import ChainLog, DepositToken
from flareflow.settlement.positions import Position
from flareflow.settlement.subscription import Subscription
from flareflow.time import Clock, Deadline

LISTED_MAX: Final = 100
"""Epochs or cases that are asked for at a time."""
STEPS_MAX: Final = 1_000_000
DIFFERING_MAX: Final = 1_000
"""Subscriptions whose entries are compared one by one, of those of which some differ."""
FOREVER: Final = timedelta(days=365)

EVENTS: Final = "events that can be read"

type Say = Callable[[str], None]
"""Told what is being done, in a sentence."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not stored as the sources say. None stands for nothing."""

    what: str
    rebuilt: object
    stored: object

    def __str__(self) -> str:
        return f"{self.what}: the sources say {self.rebuilt}, stored is {self.stored}"


class Charge(NamedTuple):
    """What a charge raised the settled total of a subscription by, in rated micro-tokens."""

    position: Position
    subscription_id: int
    raised_microtokens: int


@dataclass(slots=True)
class Books:
    """The books as the sources tell them, as far as they were read."""

    balances: Balances = field(default_factory=Balances)
    charges: dict[int, list[Charge]] = field(default_factory=lambda: defaultdict(list))
    """Charges by the epoch of the statement that they charge, until that was read."""
    totals: dict[int, Usage] = field(default_factory=dict)
    """Cumulative usage by subscription, as the newest statement has it."""
    settled: dict[int, int] = field(default_factory=dict)
    """The sum of what charges settled by subscription, in rated micro-tokens."""
    credits: set[tuple[int | None, str]] = field(default_factory=set)
    """Subscription and transaction of every credit."""

    def enter(self, entry: Entry) -> None:
        """Add an entry of the journal."""
        self.balances.add([of_entry(entry)])
        if entry.epoch is not None:
            charge = Charge(entry.position, entry.subscription_id or 0, entry.settled_microtokens or 0)
            self.charges[entry.epoch].append(charge)
        if entry.kind == Credited.__name__:
            self.credits.add((entry.subscription_id, entry.transaction_id))


@dataclass(frozen=True, slots=True)
class RebuildBooks:
    """Yields every difference between what is stored and what the sources say.

    What cannot be read is a difference too, and all else is compared as usual.
    """

    chain: ChainLog
    token: DepositToken
    start_height: int
    ledger: StoredLedger
    sealed: SealedUsage
    metered: MeteredUsage
    cases: AllCases
    clock: Clock
    say: Say

    def run(self, books: Books) -> Iterator[Difference]:
        """Read everything into `books`, once but for entries that differ. Raises what a source that fails raises."""
        yield from self._compare_ledger(books)
        yield from self._compare_usage(books)
        yield from self._compare_cases(books)
        yield from (
            Difference("an account is overdrawn", "nothing below zero", one) for one in books.balances.overdrawn()
        )

    def _compare_ledger(self, books: Books) -> Iterator[Difference]:
        read_to = self.ledger.read_to()
        if read_to is None:
            return
        sums = EntrySums()

        def enter(entry: Entry) -> None:
            books.enter(entry)
            sums.add(record_of(entry))

        yield from self._compare_records(self._enter_anew(read_to, enter), sums, read_to)

    def _enter_anew(self, read_to: int, on_entry: Callable[[Entry], None]) -> RebuiltLedger:
        rebuilt = RebuiltLedger(lambda height: self.say(f"events up to block {height} of {read_to}"), on_entry)
        chain = _UpTo(self.chain, read_to)
        never = Deadline(self.clock() + FOREVER, self.clock)
        ReadChainEvents(chain, self.token, rebuilt, self.start_height, self.clock).run(never)
        return rebuilt

    def _compare_records(self, rebuilt: RebuiltLedger, sums: EntrySums, read_to: int) -> Iterator[Difference]:
        """What ticks have stored meanwhile, after the block `read_to`, is left to the next comparison.

        Of entries only the sums are held; where these differ, the entries are read once more.
        """
        expected, stored, stored_sums = dict(rebuilt.records()), dict[Key, object](), EntrySums()
        for key, record in self._stored(read_to):
            if key[0] == ENTRY_KIND:
                stored_sums.add((key, record))
            else:
                stored[key] = record
        differing = sums.differing(stored_sums)
        if differing:
            yield from self._compare_entries(set(sorted(differing, key=str)[:DIFFERING_MAX]), read_to)
        moved = {
            record.subscription_id
            for record in stored.values()
            if isinstance(record, Subscription) and record.position.height > read_to
        }
        for key, difference in _differing_records(expected, stored):
            if not _is_later(key, stored.get(key), moved):
                yield difference

    def _compare_entries(self, of: Collection[str | int], read_to: int) -> Iterator[Difference]:
        """Compare the entries of some subscriptions one by one; `-` stands for those of none."""
        expected = dict[Key, object]()

        def keep(entry: Entry) -> None:
            key, _ = record_of(entry)
            if key[1] in of:
                expected[key] = entry

        self._enter_anew(read_to, keep)
        stored = {key: record for key, record in self._stored(read_to) if key[0] == ENTRY_KIND and key[1] in of}
        yield from (difference for _, difference in _differing_records(expected, stored))

    def _stored(self, read_to: int) -> Iterator[Record]:
        """All records but those of events after a block."""
        for number, (key, record) in enumerate(self.ledger.records(), start=1):
            if key[0] not in OF_EVENTS or int(key[2]) <= read_to:
                yield key, record
            if number % 10_000 == 0:
                self.say(f"{number} records of the ledger's table")

    def _compare_usage(self, books: Books) -> Iterator[Difference]:
        newest, waiting = -1, dict[int, int]()
        for epoch in self._epochs():
            self.say(f"statement {epoch}")
            yield from self._compare_statement(epoch, books, waiting)
            newest = epoch
        for epoch, charges in books.charges.items():
            yield from (Difference(f"charge {one.position}", f"no statement of epoch {epoch}", one) for one in charges)
        yield from self._compare_live(newest, books)

    def _epochs(self) -> Iterator[int]:
        """The epochs that have a statement, oldest first."""
        epochs: Sequence[int] = [-1]
        for _ in range(STEPS_MAX):
            epochs = self.sealed.epochs_after(epochs[-1], LISTED_MAX)
            if not epochs:
                return
            yield from epochs

    def _compare_statement(self, epoch: int, books: Books, waiting: dict[int, int]) -> Iterator[Difference]:
        """`waiting`: what is metered by subscription and not attested yet; an attestation proves all of it."""
        stored: Mapping[int, Usage] | None = None
        try:
            stored = self.metered.deltas(epoch)
        except UNREADABLE as error:
            yield Difference(f"what epoch {epoch} added", EVENTS, str(error))
        try:
            totals = self.sealed.totals(epoch)
        except UNREADABLE as error:
            yield Difference(f"statement of epoch {epoch}", "documents that lead to its roots", str(error))
            totals = {one: books.totals.get(one, Usage()) + usage for one, usage in (stored or {}).items()}
        added = {one: total - books.totals.get(one, Usage()) for one, total in totals.items()}
        books.totals.update(totals)
        yield from _differing(epoch, added, added if stored is None else stored)
        for one, usage in added.items():
            books.balances.add([metered(epoch, one, usage.rated_microtokens)])
            waiting[one] = waiting.get(one, 0) + usage.rated_microtokens
        if self.sealed.is_attested(epoch):
            books.balances.add(attested(epoch, one, amount) for one, amount in waiting.items())
            waiting.clear()
        yield from self._compare_charges(epoch, books)

    def _compare_charges(self, epoch: int, books: Books) -> Iterator[Difference]:
        """A charge that raises the settled total brings it to what the statement of its epoch says."""
        for charge in books.charges.pop(epoch, []):
            one, raised = charge.subscription_id, charge.raised_microtokens
            books.settled[one] = books.settled.get(one, 0) + raised
            total = books.totals.get(one, Usage()).rated_microtokens
            if raised and books.settled[one] != total:
                yield Difference(f"charge of subscription {one} at {charge.position}", total, books.settled[one])

    def _compare_live(self, newest: int, books: Books) -> Iterator[Difference]:
        """What is counted is what is sealed and what later epochs have added. Counting may go on meanwhile, so only
        what differs twice in the same way is a difference."""
        try:
            unsealed = self._unsealed(newest)
        except UNREADABLE as error:
            yield Difference("what the open epoch added", EVENTS, str(error))
            return
        for one in sorted(books.totals.keys() | unsealed.keys()):
            total = books.totals.get(one, Usage())
            found = total + unsealed.get(one, Usage()), self._counted(one)
            if found[0] == found[1]:
                continue
            again = total + self._unsealed(newest).get(one, Usage()), self._counted(one)
            if again == found:
                yield Difference(f"counted usage of subscription {one}", *found)

    def _counted(self, subscription_id: int) -> Usage | str:
        """What is counted, or why that cannot be read."""
        try:
            return self.metered.live(subscription_id).counted
        except UNREADABLE as error:
            return str(error)

    def _unsealed(self, newest: int) -> Mapping[int, Usage]:
        """What the epochs after the newest statement have added so far."""
        now, sums = self.metered.open_epoch(), dict[int, Usage]()
        for epoch in {now.epoch, now.sealing} if now else set():
            if epoch is not None and epoch > newest:
                for one, usage in self.metered.deltas(epoch).items():
                    sums[one] = sums.get(one, Usage()) + usage
        return sums

    def _compare_cases(self, books: Books) -> Iterator[Difference]:
        waiting = set[str]()
        for case in _all(self.cases.open_cases):
            books.balances.add(of_case(case))
            waiting.add(case.id)
        for case in _all(self.cases.decided_cases):
            books.balances.add(of_case(case))
            if case.decision is None or case.id in waiting:
                yield Difference(f"case {case.id}", "decided and not open", case.decision)
            elif not _is_credited(case, books):
                yield Difference(f"case {case.id}", "no such credit on the chain", case.decision)


def _differing(epoch: int, added: Mapping[int, Usage], stored: Mapping[int, Usage]) -> Iterator[Difference]:
    """Where what an epoch added, by its statement, is not what is stored of it."""
    for one in sorted(added.keys() | stored.keys()):
        if added.get(one) != stored.get(one):
            yield Difference(f"usage of subscription {one} in epoch {epoch}", added.get(one), stored.get(one))


@dataclass(frozen=True, slots=True)
class _UpTo:
    """A chain that ends with a block."""

    chain: ChainLog
    last: int

    def latest_sealed_height(self) -> int:
        return self.last

    def events(self, first_height: int, last_height: int, names: Collection[str] | None = None) -> BlocksRead:
        return self.chain.events(first_height, last_height, names)


def _all(listed: Callable[[str | None, int], Sequence[Case]]) -> Iterator[Case]:
    """All cases of a list that is read in pages."""
    after = None
    for _ in range(STEPS_MAX):
        page = listed(after, LISTED_MAX)
        yield from page
        if len(page) < LISTED_MAX:
            return
        after = page[-1].id


def _is_credited(case: Case, books: Books) -> bool:
    """Whether the chain has the credit that a case names, if it names one."""
    if case.decision is None or case.decision.verdict is not Verdict.CREDITED:
        return True
    named = case.decision.transaction_id
    return any(named == transaction and case.subscription_id in {None, one} for one, transaction in books.credits)


def _differing_records(
    expected: Mapping[Key, object], stored: Mapping[Key, object]
) -> Iterator[tuple[Key, Difference]]:
    """The keys under which not the same is stored as is expected, with the difference."""
    for key in sorted(expected.keys() | stored.keys(), key=str):
        if expected.get(key) != stored.get(key):
            yield key, Difference(" ".join(map(str, key)), expected.get(key), stored.get(key))


def _is_later(key: Key, stored: object, moved: Collection[int]) -> bool:
    """Whether what is stored follows from events after the block up to which the events were read."""
    kind, *rest = key
    if kind in {UNREADABLE_KIND, *OF_EVENTS}:
        return False
    if kind in {"revenue", "plan", "retired plan"}:
        return bool(moved) and stored is not None
    return int(rest[-1]) in moved
