"""Rebuilding the books: every difference between what is stored and what the sources say is found, and no other."""

import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import pytest

from flareflow.books.rebuilding import Books, RebuildBooks
from flareflow.books.rebuilt import UNREADABLE_KIND, RebuiltLedger, Record, UnreadableItem, record_of
from flareflow.books.transactions import Unit
from flareflow.errors import BrokenRuleError
from flareflow.metering.cases import Case, CaseKind, Decision, Verdict
from flareflow.metering.models import LiveTotals, Usage
from flareflow.settlement.chain_events import ReadChainEvents
from flareflow.settlement.entries import Entry
from flareflow.settlement.events import (
    Credited,
    Forgiven,
    OwnerChanged,
    RevenueWithdrawn,
    Settled,
    SettlementSkipped,
    SubscriptionOpened,
    ToppedUp,
    Withdrawn,
)
from flareflow.statements.ports import OpenEpoch
from tests.fakes.books import FakeAllCases, FakeMeteredUsage, FakeSealedUsage, FakeStoredLedger
from tests.fakes.settlement import FakeChainLog, FakeClock, FakeDepositToken
from tests.unit.settlement.test_chain_events import ADDED, AT, happened

FLOW = 10**8
COSTS_ONE_FLOW = 50_000 * 10**6
"""Rated micro-tokens for 1 FLOW on the default plan."""


def used(microtokens: int) -> Usage:
    return Usage(prompt_tokens=microtokens // 10**6, requests=1, rated_microtokens=microtokens)


def case(number: int, verdict: Verdict | None, count: int = 1, kind: CaseKind = CaseKind.ROW) -> Case:
    decision = Decision(verdict, "alice", "asked", AT) if verdict else None
    return Case(kind, "key_unknown", f"row-{number}", AT, body="{}", count=count, decision=decision)


@dataclass
class Operator:
    """A provider with one subscription: two epochs are attested and charged, a third is sealed, a fourth is open."""

    chain: FakeChainLog = field(default_factory=FakeChainLog)
    stored: FakeStoredLedger = field(init=False)
    sealed: FakeSealedUsage = field(default_factory=FakeSealedUsage)
    metered: FakeMeteredUsage = field(default_factory=FakeMeteredUsage)
    cases: FakeAllCases = field(default_factory=FakeAllCases)
    clock: FakeClock = field(default_factory=FakeClock)
    books: Books = field(default_factory=Books)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        one = COSTS_ONE_FLOW
        self.chain.happened = [
            happened(ADDED, 1),
            happened(SubscriptionOpened(7, "0x1", 1, 1, 3 * FLOW // 2, 3 * FLOW // 2), 2),
            happened(Settled(7, 100, one, FLOW, 0, FLOW // 2), 3),
            happened(Settled(7, 101, 2 * one, FLOW // 2, FLOW // 2, 0), 4),
            happened(Forgiven(7, FLOW // 4, FLOW // 4), 5),
            happened(ToppedUp(7, "0x2", 5 * FLOW, 5 * FLOW), 6),
            happened(Settled(7, 101, 2 * one, FLOW // 4, 0, 5 * FLOW - FLOW // 4), 7),
            happened(Credited(7, FLOW // 4, 5 * FLOW), 8),
            happened(Withdrawn(7, None, FLOW, 4 * FLOW), 9),
            happened(RevenueWithdrawn(FLOW, "0x9"), 10),
            happened(OwnerChanged(7, "0x3"), 11),
        ]
        self.chain.sealed_height = 12
        entries: list[Entry] = []
        ledger = RebuiltLedger(lambda _: None, entries.append)
        reading = ReadChainEvents(self.chain, FakeDepositToken(), ledger, 0, self.clock)
        reading.run(self.clock.deadline())
        self.stored = FakeStoredLedger(ledger, entries)
        self.metered.added = {epoch: {7: used(one)} for epoch in (100, 101, 102, 103)}
        self.metered.epoch = OpenEpoch(103, None)
        self.sealed.statements = {100 + n: {7: sum([used(one)] * (n + 1), start=Usage())} for n in range(3)}
        self.sealed.attested = {100, 101}
        self.cases.waiting = [case(1, None, count=4, kind=CaseKind.TALLY)]
        self.cases.decided = [case(2, Verdict.WRITTEN_OFF), case(3, Verdict.BILLED)]

    def differences(self) -> list[str]:
        rebuild = RebuildBooks(
            chain=self.chain,
            token=FakeDepositToken(),
            start_height=0,
            ledger=self.stored,
            sealed=self.sealed,
            metered=self.metered,
            cases=self.cases,
            clock=self.clock,
            say=self.said.append,
        )
        return [str(difference) for difference in rebuild.run(self.books)]


@pytest.fixture
def operator() -> Operator:
    return Operator()


def test_books_that_are_stored_as_the_sources_say_have_no_difference(operator: Operator) -> None:
    assert operator.differences() == []
    assert operator.said


def test_every_unit_sums_to_zero_and_each_balance_is_what_its_projection_says(operator: Operator) -> None:
    operator.differences()
    balances = operator.books.balances
    for unit in Unit:
        assert sum(amount for (_, known), amount in balances.by_account.items() if known is unit) == 0
    # Deposits, charges, withdrawals and credits
    assert balances.of("subscriber:7", Unit.TOKEN) == 4 * FLOW
    assert balances.of("revenue", Unit.TOKEN) == FLOW // 2
    assert balances.of("wallet:0x9", Unit.TOKEN) == FLOW
    # The bill: what usage cost is paid, and a quarter of a FLOW was written off
    assert balances.of("paid:7", Unit.TOKEN) == FLOW + FLOW // 2 + FLOW // 4
    assert balances.of("written_off", Unit.TOKEN) == FLOW // 4
    assert balances.of("owed:7", Unit.TOKEN) == 0
    # Metered, attested and charged usage
    assert balances.of("metered:7", Unit.USAGE) == COSTS_ONE_FLOW
    assert balances.of("attested:7", Unit.USAGE) == 0
    assert balances.of("settled:7", Unit.USAGE) == 2 * COSTS_ONE_FLOW
    # Calls that a person decided about
    assert balances.of("set_aside", Unit.CALLS) == 4
    assert balances.of("written_off", Unit.CALLS) == balances.of("billed", Unit.CALLS) == 1
    assert balances.by_kind()["subscriber", Unit.TOKEN] == 4 * FLOW


def spoil(what: str, value: Callable[[Any], object]) -> Callable[[dict[Any, Any]], None]:
    """Change the records whose key begins with `what`; None takes them away."""

    def change(records: dict[Any, Any]) -> None:
        for key in [key for key in records if " ".join(map(str, key)).startswith(what)]:
            changed = value(records[key])
            if changed is None:
                del records[key]
            else:
                records[key] = changed

    return change


def added(key: tuple[object, ...], value: object) -> Callable[[dict[Any, Any]], None]:
    return lambda records: records.update({key: value})


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (spoil("entry 7 3 ", lambda _: None), "entry 7 3 0 0"),
        (spoil("entry 7 3 ", lambda entry: replace(entry, paid_ufix64=1)), "entry 7 3 0 0"),
        (spoil("entry - 10", lambda _: None), "entry - 10 0 0"),
        (added(("entry", 7, 8, 0, 1), "nobody"), "entry 7 8 0 1"),
        (spoil("subscription 7", lambda one: replace(one, settled_microtokens=1)), "subscription 7"),
        (spoil("settled 7", lambda _: (0, False)), "settled 7"),
        (spoil("owner 0x3", lambda _: None), "owner 0x3 7"),
        (added(("owner", "0x1", 7), True), "owner 0x1 7"),
        (spoil("revenue", lambda amount: amount + 1), "revenue"),
        (spoil("plan 1", lambda plan: replace(plan, low_balance_ufix64=1)), "plan 1 1"),
        (added(("set aside", 7, 5, 0, 3), True), "set aside 7 5 0 3"),
        (added(("subscription", 8), "nobody"), "subscription 8"),
    ],
)
def test_each_record_that_is_not_as_the_chain_says_is_a_difference(
    operator: Operator, changed: Callable[[dict[Any, Any]], None], what: str
) -> None:
    operator.stored.changed = changed
    [difference] = operator.differences()
    assert difference.startswith(f"{what}: the sources say ")


def test_what_ticks_store_meanwhile_is_no_difference(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a stored top-up after the block up to which the events are compared
    ledger = operator.stored.ledger
    operator.chain.happened.append(happened(ToppedUp(7, None, 5, 4 * FLOW + 5), 13))
    operator.chain.sealed_height = 13
    ReadChainEvents(operator.chain, FakeDepositToken(), ledger, 0, operator.clock).run(operator.clock.deadline())
    monkeypatch.setattr(operator.stored, "read_to", lambda: 12)
    # When the books are compared, then that one is left to the next comparison
    assert operator.differences() == []


def test_entries_are_compared_without_being_held(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given thousands of top-ups, of which the table tells one after the other
    count, stored = 3_000, operator.stored
    top_ups = [happened(ToppedUp(7, None, 1, 4 * FLOW + number), 12 + number) for number in range(1, count + 1)]
    operator.chain.happened += top_ups
    operator.chain.sealed_height = top_ups[-1].position.height
    ReadChainEvents(operator.chain, FakeDepositToken(), stored.ledger, 0, operator.clock).run(operator.clock.deadline())
    monkeypatch.setattr(stored, "records", lambda: chain(map(record_of, stored.entries), stored.ledger.records()))
    # When the books are compared
    tracemalloc.start()
    try:
        assert operator.differences() == []
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Then not all entries were in memory, of which each has several hundred bytes
    assert peak_bytes < 150 * count


def test_entries_are_read_once_more_only_where_some_differ(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given how often the table is read
    records, reads = operator.stored.records, list[int]()

    def counted() -> Iterator[Record]:
        reads.append(1)
        return records()

    monkeypatch.setattr(operator.stored, "records", counted)
    # When all entries are stored as they must be, then once; otherwise twice
    assert operator.differences() == []
    assert len(reads) == 1
    operator.books, operator.stored.changed = Books(), spoil("entry 7 3 ", lambda _: None)
    assert len(operator.differences()) == 1
    assert len(reads) == 3


def test_a_deposit_that_is_stored_and_not_on_the_chain_is_found(operator: Operator) -> None:
    del operator.chain.happened[6:]
    differences = operator.differences()
    assert any(difference.startswith("entry 7 9 0 0: the sources say None") for difference in differences)


def test_a_subscription_that_the_contract_does_not_have_is_stored_as_ended(operator: Operator) -> None:
    # Given a page that named a subscription which was never opened
    operator.chain.happened.append(happened(SettlementSkipped(99, 101, 5), 13))
    operator.chain.sealed_height = 13
    ledger = operator.stored.ledger
    ReadChainEvents(operator.chain, FakeDepositToken(), ledger, 0, operator.clock).run(operator.clock.deadline())
    # When the books are compared, Then it is known, with an entry that moves nothing
    assert operator.differences() == []
    assert dict(ledger.records())["settled", 99] == (0, False)
    operator.books, operator.stored.changed = Books(), spoil("settled 99", lambda _: None)
    [difference] = operator.differences()
    assert difference.startswith("settled 99: the sources say (0, False)")


def test_what_an_epoch_added_differs_from_its_statement(operator: Operator) -> None:
    operator.metered.added[101] = {7: used(COSTS_ONE_FLOW), 8: used(5)}
    [difference, *rest] = operator.differences()
    assert difference.startswith("usage of subscription 8 in epoch 101: the sources say None")
    assert rest == []


def test_a_total_of_a_statement_that_is_not_what_was_added_is_a_difference(operator: Operator) -> None:
    operator.sealed.statements[102] = {7: operator.sealed.statements[102][7] + used(1)}
    assert [difference.partition(":")[0] for difference in operator.differences()] == [
        "usage of subscription 7 in epoch 102",
        "counted usage of subscription 7",
    ]


def test_counted_usage_that_no_epoch_has_is_a_difference(operator: Operator) -> None:
    operator.metered.uncounted = used(1)
    [difference] = operator.differences()
    assert difference.startswith("counted usage of subscription 7")


def test_a_charge_of_what_its_statement_does_not_say_is_a_difference(operator: Operator) -> None:
    operator.sealed.statements[101] = {7: operator.sealed.statements[101][7] + used(COSTS_ONE_FLOW)}
    operator.metered.added[101] = {7: used(COSTS_ONE_FLOW) + used(COSTS_ONE_FLOW)}
    operator.metered.added[102] = {}
    operator.sealed.statements[102] = {}
    differences = operator.differences()
    assert any(difference.startswith("charge of subscription 7 at ") for difference in differences)


def test_a_charge_without_a_statement_is_a_difference(operator: Operator) -> None:
    del operator.sealed.statements[100]
    assert any("no statement of epoch 100" in difference for difference in operator.differences())


def test_a_charge_of_usage_that_was_never_attested_overdraws_what_is_attested(operator: Operator) -> None:
    operator.sealed.attested = {100}
    [difference] = operator.differences()
    assert f"attested:7 has -{COSTS_ONE_FLOW} rated_microtokens" in difference


@pytest.mark.parametrize("decided", [replace(case(2, None)), case(1, Verdict.BILLED, kind=CaseKind.TALLY)])
def test_a_case_that_is_decided_and_open_or_without_a_decision_is_a_difference(
    operator: Operator, decided: Case
) -> None:
    operator.cases.decided = [decided]
    [difference] = operator.differences()
    assert difference.startswith(f"case {decided.id}: the sources say decided and not open")


@pytest.mark.parametrize(
    ("transaction", "subscription_id", "is_there"),
    [("ab" * 32, 7, True), ("ab" * 32, None, True), ("cd" * 32, 7, False), ("ab" * 32, 8, False)],
)
def test_a_credit_that_a_case_names_is_on_the_chain(
    operator: Operator, transaction: str, subscription_id: int | None, is_there: bool
) -> None:
    decision = Decision(Verdict.CREDITED, "alice", "billed twice", AT, transaction)
    one = Case(CaseKind.DIFFERENCE, "billed_twice", "row-9", AT, subscription_id=subscription_id, decision=decision)
    operator.cases.decided.append(one)
    differences = operator.differences()
    assert [text.startswith(f"case {one.id}: the sources say no such credit") for text in differences] == (
        [] if is_there else [True]
    )


def test_many_epochs_and_cases_are_read_page_by_page(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flareflow.books.rebuilding.LISTED_MAX", 1)
    operator.cases.waiting += [case(number, None) for number in range(10, 13)]
    assert operator.differences() == []
    assert operator.books.balances.of("set_aside", Unit.CALLS) == 7


@pytest.mark.parametrize("error", [BrokenRuleError("the index does not lead to its root"), ValueError("no page")])
def test_documents_that_do_not_lead_to_their_roots_are_a_difference_and_the_others_are_compared(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    # Given an epoch whose documents are broken, before one that added what its statement does not say
    operator.metered.added[102] = {7: used(COSTS_ONE_FLOW), 8: used(5)}
    totals = operator.sealed.totals

    def totals_or_broken(epoch: int) -> Mapping[int, Usage]:
        if epoch == 101:
            raise error
        return totals(epoch)

    monkeypatch.setattr(operator.sealed, "totals", totals_or_broken)
    # When the books are compared, then both are told, and nothing else
    broken, other = operator.differences()
    assert broken == f"statement of epoch 101: the sources say documents that lead to its roots, stored is {error}"
    assert other.startswith("usage of subscription 8 in epoch 102")


@pytest.mark.parametrize(("epoch", "what"), [(101, "what epoch 101 added"), (103, "what the open epoch added")])
def test_events_that_cannot_be_read_are_a_difference_and_the_others_are_compared(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, epoch: int, what: str
) -> None:
    # Given an epoch whose events cannot be read, and one that added what its statement does not say
    operator.metered.added[102] = {7: used(COSTS_ONE_FLOW), 8: used(5)}
    deltas = operator.metered.deltas

    def deltas_or_broken(asked: int) -> Mapping[int, Usage]:
        if asked == epoch:
            raise BrokenRuleError("a pack of usage cannot be read")
        return deltas(asked)

    monkeypatch.setattr(operator.metered, "deltas", deltas_or_broken)
    # When the books are compared, then both are told
    differences = operator.differences()
    assert f"{what}: the sources say events that can be read, stored is a pack of usage cannot be read" in differences
    assert any(one.startswith("usage of subscription 8 in epoch 102") for one in differences)


def test_an_item_that_cannot_be_read_is_a_difference_and_the_others_are_compared(operator: Operator) -> None:
    unreadable = (UNREADABLE_KIND, "SUBSCRIPTION", "00007"), UnreadableItem("deposited is not balance")

    def broken(records: dict[Any, Any]) -> None:
        spoil("subscription 7", lambda _: None)(records)
        added(*unreadable)(records)

    operator.stored.changed = broken
    assert [difference.partition(":")[0] for difference in operator.differences()] == [
        "subscription 7",
        "unreadable item SUBSCRIPTION 00007",
    ]


def test_counted_usage_that_cannot_be_read_is_a_difference(operator: Operator) -> None:
    def broken(subscription_id: int) -> LiveTotals:
        raise ValueError("no number")

    operator.metered.live = broken  # type: ignore[method-assign]
    [difference] = operator.differences()
    assert difference.startswith("counted usage of subscription 7")
    assert difference.endswith("stored is no number")
