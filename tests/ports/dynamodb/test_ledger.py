"""The contract of `Ledger`, kept by the fake and by DynamoDB alike."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.dynamodb.ledger_kinds import REVENUE
from flareflow.adapters.dynamodb.plans import DynamoPlans
from flareflow.adapters.dynamodb.rates import DynamoRates
from flareflow.adapters.dynamodb.statements import DynamoSettledTotals
from flareflow.adapters.dynamodb.subscriptions import LedgerReader
from flareflow.errors import RaceLostError
from flareflow.settlement.charging import KnownRate
from flareflow.settlement.events import (
    ChainEvent,
    Forgiven,
    OwnerChanged,
    PlanChanged,
    RevenueWithdrawn,
    Settled,
    SubscriptionOpened,
    ToppedUp,
    Unreadable,
)
from flareflow.settlement.journal import Posting, enter, post, set_aside
from flareflow.settlement.plans import PlanVersion
from flareflow.settlement.ports import KnownRates, Ledger
from flareflow.settlement.positions import Position, Waiting
from flareflow.settlement.pricing import Currency, Tariff, Tier, Tiers
from flareflow.settlement.subscription import DEFAULT_TARIFF
from tests.fakes.settlement import FakeKnownRates, FakeLedger
from tests.support.dynamodb import fresh_table
from tests.support.write_units import WriteUnits

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=20)
OWNER = "0x01cf0e2f2f715450"
OPENED = ChainEvent(Position(3, 0, 1), NOW, "ab" * 32, SubscriptionOpened(1, OWNER, 1, 1, 10**18, 10**18))
SETTLED = ChainEvent(Position(10, 0, 0), NOW, "cd" * 32, Settled(1, 7, 150_000, 300, 0, 10**18 - 300))
TARIFF = Tariff(Tiers((Tier(1_000_000, 1_000_000), Tier(None, 500_000))), Currency.USD, needs_rate=True)
IN_DOLLARS = PlanVersion(1, 2, TARIFF, minimum_deposit_ufix64=10**8, low_balance_ufix64=5, effective_at=NOW)


@dataclass(frozen=True)
class Ports:
    """The port and its store; `table` is None for the fake."""

    ledger: Ledger
    table: "Table | None" = None


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def ports(request: pytest.FixtureRequest) -> Iterator[Ports]:
    if request.param == "fake":
        yield Ports(FakeLedger())
        return
    request.getfixturevalue("server")
    with fresh_table() as table:
        yield Ports(DynamoLedger(table, time.sleep), table)


def posting(ledger: Ledger, event: ChainEvent) -> Posting:
    made = post(event, ledger.subscription(1), DEFAULT_TARIFF)
    assert made is not None
    return made


def test_nothing_is_read_before_the_first_block(ports: Ports) -> None:
    assert ports.ledger.read_to() is None


def test_the_cursor_never_goes_back(ports: Ports) -> None:
    for height in (0, 250, 100):
        ports.ledger.advance(height)
    assert ports.ledger.read_to() == 250


def test_a_subscription_is_what_its_last_posting_says(ports: Ports) -> None:
    for event in (OPENED, SETTLED):
        made = posting(ports.ledger, event)
        assert ports.ledger.record([made])
        assert ports.ledger.subscription(1) == made.subscription


def test_an_entry_is_recorded_once(ports: Ports) -> None:
    # Given a recorded entry
    made = posting(ports.ledger, OPENED)
    ports.ledger.record([made])
    # When it is recorded again, then nothing is
    assert not ports.ledger.record([made])


def test_a_posting_on_an_older_state_loses_the_race(ports: Ports) -> None:
    # Given two postings on the same state
    ports.ledger.record([posting(ports.ledger, OPENED)])
    newer = posting(ports.ledger, SETTLED)
    older = posting(ports.ledger, replace(SETTLED, position=Position(9, 0, 0)))
    # When the one that happened later is recorded first
    ports.ledger.record([newer])
    # Then the other is refused, entry and all
    with pytest.raises(RaceLostError):
        ports.ledger.record([older])
    assert ports.ledger.subscription(1) == newer.subscription


def test_a_posting_on_a_state_that_was_never_recorded_loses_the_race(ports: Ports) -> None:
    # Given three postings that follow on each other
    opened, first, second = chained(*charged(2))
    ports.ledger.record([opened])
    # When the last is recorded without the one before it
    with pytest.raises(RaceLostError):
        ports.ledger.record([second])
    # Then nothing has changed, and both can be recorded in their order
    assert ports.ledger.subscription(1) == opened.subscription
    assert ports.ledger.record([first, second]) == 2


def test_a_plan_is_found_by_its_version(ports: Ports) -> None:
    assert ports.ledger.plan(1, 2) is None
    for _ in range(2):
        ports.ledger.add_plan(IN_DOLLARS)
    assert ports.ledger.plan(1, 2) == IN_DOLLARS
    assert ports.ledger.plan(1, 1) is None


def test_a_subscription_keeps_its_prices_and_what_was_paid_in_dollars(ports: Ports) -> None:
    # Given a subscription on a plan in dollars with a charge, after which the cost has an offset of many digits
    settled = ChainEvent(
        Position(10, 0, 0), NOW, "cd" * 32, Settled(1, 7, 10**11, 4 * 10**8, 0, 16 * 10**8, 25_000_000)
    )
    forgiven = ChainEvent(Position(11, 0, 0), NOW, "cd" * 32, Forgiven(1, 10**18, 0))
    opened = replace(OPENED, happened=SubscriptionOpened(1, OWNER, 1, 2, 20 * 10**8, 20 * 10**8))
    for event in (opened, settled, forgiven):
        made = post(event, ports.ledger.subscription(1), IN_DOLLARS.tariff)
        assert made is not None
        assert ports.ledger.record([made])
        assert ports.ledger.subscription(1) == made.subscription
    # When it is read, then all of that is there
    known = ports.ledger.subscription(1)
    assert known is not None
    assert (known.tariff, known.paid_dollars_ufix64) == (IN_DOLLARS.tariff, 10**8)
    assert known.cost_offset == -(10**27)


@pytest.mark.stack
def test_plans_are_listed_with_those_that_are_retired(server: None) -> None:
    with fresh_table() as table:
        ledger, other = DynamoLedger(table, time.sleep), replace(IN_DOLLARS, plan_id=3)
        for plan in (IN_DOLLARS, other):
            ledger.add_plan(plan)
        ledger.retire_plan(3)
        assert DynamoPlans(table).all() == (IN_DOLLARS, replace(other, is_retired=True))


@pytest.mark.parametrize("rates", ["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def test_the_last_rate_is_the_one_that_was_stored_last(rates: str, request: pytest.FixtureRequest) -> None:
    with ExitStack() as stack:
        if rates == "dynamodb":
            request.getfixturevalue("server")
            known: KnownRates = DynamoRates(stack.enter_context(fresh_table()))
        else:
            known = FakeKnownRates()
        assert known.last_rate() is None
        for rate in (KnownRate(25_000_000, NOW), KnownRate(20_000_000, LATER)):
            known.note_rate(rate)
        assert known.last_rate() == KnownRate(20_000_000, LATER)


@pytest.mark.stack
def test_subscriptions_need_a_rate_by_their_present_plan(server: None) -> None:
    with fresh_table() as table:
        # Given two subscriptions, one of them on a plan in dollars
        ledger, settled = DynamoLedger(table, time.sleep), DynamoSettledTotals(table, time.sleep)
        for number, tariff in ((1, IN_DOLLARS.tariff), (2, DEFAULT_TARIFF)):
            opened = replace(OPENED, happened=SubscriptionOpened(number, OWNER, 1, number, 5, 5))
            made = post(opened, None, tariff)
            assert made is not None
            ledger.record([made])
        assert {one: found.needs_rate for one, found in settled.of([1, 2, 3]).items()} == {1: True, 2: False, 3: False}
        # When that one changes to a plan in the token, then none needs a rate
        changed = ChainEvent(Position(11, 0, 0), NOW, "ab" * 32, PlanChanged(1, 0, 1, 0))
        made = post(changed, ledger.subscription(1), DEFAULT_TARIFF)
        assert made is not None
        ledger.record([made])
        assert not settled.of([1])[1].needs_rate


def test_revenue_that_is_withdrawn_is_recorded_once(ports: Ports) -> None:
    taken = ChainEvent(Position(11, 0, 0), NOW, "ab" * 32, RevenueWithdrawn(300, OWNER))
    made = post(taken, None)
    assert made is not None
    assert ports.ledger.record([made])
    assert not ports.ledger.record([made])


@pytest.mark.stack
def test_balances_in_the_table_are_sums_of_the_journals_lines(server: None) -> None:
    with fresh_table() as table:
        # Given a settlement and a withdrawal of revenue, each recorded twice
        ledger = DynamoLedger(table, time.sleep)
        taken = ChainEvent(Position(11, 0, 0), NOW, "ab" * 32, RevenueWithdrawn(100, OWNER))
        for event in (OPENED, SETTLED):
            made = posting(ledger, event)
            assert [ledger.record([made]), ledger.record([made])] == [True, False]
        made_taken = post(taken, None)
        assert made_taken is not None
        assert [ledger.record([made_taken]), ledger.record([made_taken])] == [True, False]
        # Then revenue, settled totals and the owner's list say the same as the entries
        revenue = table.get_item(Key=REVENUE.key())["Item"]["balance_ufix64"]
        assert revenue == 200
        assert DynamoSettledTotals(table, time.sleep).all() == {1: 150_000}
        reader = LedgerReader(table)
        assert list(reader.owned_by(OWNER, None).items) == [1]
        assert [entry.kind for entry in reader.journal(1, None).items] == ["Settled", "SubscriptionOpened"]
        assert sum(line.amount_ufix64 for entry in reader.journal(1, None).items for line in entry.lines) == 0


@pytest.mark.stack
def test_a_subscription_is_listed_for_its_new_owner_only(server: None) -> None:
    with fresh_table() as table:
        ledger = DynamoLedger(table, time.sleep)
        moved = ChainEvent(Position(4, 0, 0), NOW, "ab" * 32, OwnerChanged(1, "0x9"))
        for event in (OPENED, moved):
            ledger.record([posting(ledger, event)])
        reader = LedgerReader(table)
        assert [list(reader.owned_by(owner, None).items) for owner in (OWNER, "0x9")] == [[], [1]]


def opening(subscription_id: int) -> ChainEvent:
    opened = SubscriptionOpened(subscription_id, OWNER, 1, 1, 10**18, 10**18)
    return ChainEvent(Position(3, 0, subscription_id), NOW, "ab" * 32, opened)


def chained(*events: ChainEvent) -> list[Posting]:
    """Postings of events of one subscription that follow on each other."""
    made: list[Posting] = []
    for event in events:
        made.append(expected(post(event, made[-1].subscription if made else None, DEFAULT_TARIFF)))
    return made


def expected(made: Posting | None) -> Posting:
    assert made is not None
    return made


def charged(times: int) -> Iterator[ChainEvent]:
    """The opening of subscription 1, and charges of 1 each."""
    yield opening(1)
    for number in range(1, times + 1):
        settled = Settled(1, 7, 500 * number, 1, 0, 10**18 - number)
        yield ChainEvent(Position(10, 0, number), NOW, "cd" * 32, settled)


def test_many_postings_are_recorded_at_once(ports: Ports) -> None:
    # Given 200 subscriptions that are opened, and 100 charges of one of them
    of_one = chained(*charged(100))
    others = [expected(post(opening(number), None, DEFAULT_TARIFF)) for number in range(2, 201)]
    # When all is recorded, some of it twice
    assert ports.ledger.record([*of_one, *others]) == 300
    assert ports.ledger.record(others) == 0
    # Then each subscription is as of its last entry
    known = ports.ledger.subscriptions_by_id(range(1, 300))
    assert len(known) == 200
    assert known[1] == of_one[-1].subscription
    assert known[1].charged_ufix64 == 100


def test_an_owner_who_comes_back_within_one_write_is_the_owner(ports: Ports) -> None:
    moves = [
        ChainEvent(Position(4, 0, number), NOW, "ab" * 32, OwnerChanged(1, owner))
        for number, owner in enumerate(("0x9", OWNER, "0x8", OWNER))
    ]
    ports.ledger.record(chained(OPENED, *moves))
    subscription = ports.ledger.subscription(1)
    assert subscription is not None
    assert subscription.owner == OWNER
    if ports.table:
        reader = LedgerReader(ports.table)
        assert [list(reader.owned_by(owner, None).items) for owner in (OWNER, "0x9", "0x8")] == [[1], [], []]


def test_what_is_set_aside_is_listed_until_it_is_entered(ports: Ports) -> None:
    # Given a subscription with an event that does not fit, and an event of nobody knows whom
    [opened] = chained(OPENED)
    wrong = ChainEvent(Position(5, 0, 0), NOW, "ab" * 32, Unreadable("ToppedUp", 1, "unknown form"))
    nobody = replace(wrong, position=Position(9, 0, 0), happened=Unreadable("ToppedUp", None, "no fields"))
    aside = set_aside(wrong, opened.subscription, "unknown form")
    ports.ledger.record([opened, aside, set_aside(nobody, None, "no fields")])
    # Then both are listed, and the subscription waits
    assert [one.subscription_id for one in ports.ledger.set_aside(10)] == [None, 1]
    assert [one.subscription_id for one in ports.ledger.set_aside(1)] == [None]
    waiting = ports.ledger.subscription(1)
    assert waiting is not None
    assert waiting.waits_for == Waiting(Position(5, 0, 0), NOW)
    # When it is entered, and the other is forgotten, then nothing is left
    mended = replace(wrong, happened=ToppedUp(1, None, 5, 10**18 + 5))
    made = enter(mended, replace(waiting, waits_for=None))
    assert ports.ledger.record([replace(made, before=waiting, replaces=aside.aside)]) == 1
    ports.ledger.forget(ports.ledger.set_aside(1)[0])
    assert ports.ledger.set_aside(10) == []
    assert ports.ledger.subscription(1) == made.subscription


def test_setting_aside_again_what_names_no_subscription_changes_nothing(ports: Ports) -> None:
    nobody = ChainEvent(Position(9, 0, 0), NOW, "ab" * 32, Unreadable("ToppedUp", None, "no fields"))
    for _ in range(2):
        assert ports.ledger.record([set_aside(nobody, None, "no fields")]) == 0
    assert len(ports.ledger.set_aside(10)) == 1


@pytest.mark.stack
def test_settling_a_page_uses_few_write_units(server: None) -> None:
    with fresh_table() as table, fresh_table("AccountsTable") as scratch:
        # Given 200 subscriptions
        ledger = DynamoLedger(table, time.sleep)
        opened = [expected(post(opening(number), None, DEFAULT_TARIFF)) for number in range(1, 201)]
        ledger.record(opened)
        # When each is charged by one page
        units = WriteUnits(table, scratch)
        settled = [
            ChainEvent(Position(10, 0, number), NOW, "cd" * 32, Settled(number, 7, 150_000, 300, 0, 10**18 - 300))
            for number in range(1, 201)
        ]
        made = [expected(post(one, before.subscription)) for one, before in zip(settled, opened, strict=True)]
        assert ledger.record(made) == 200
        # Then each uses two units for its entry, two for its state, two for its total, and a share of the revenue's
        assert units.total / 200 <= 6.1, units.by_item


@pytest.mark.stack
def test_an_entry_that_another_invocation_records_meanwhile_is_not_recorded_again(server: None) -> None:
    with fresh_table() as table:
        # Given a withdrawal of revenue in the journal
        taken = expected(post(ChainEvent(Position(11, 0, 0), NOW, "ab" * 32, RevenueWithdrawn(300, OWNER)), None))
        assert DynamoLedger(table, time.sleep).record([taken]) == 1
        # When another invocation records it too
        assert DynamoLedger(table, time.sleep).record([taken]) == 0
        # Then the revenue has moved once
        assert table.get_item(Key=REVENUE.key())["Item"]["balance_ufix64"] == -300
