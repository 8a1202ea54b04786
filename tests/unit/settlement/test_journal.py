"""The journal: every entry sums to zero and every deposit is fully accounted for."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flareflow.errors import BrokenRuleError
from flareflow.settlement.entries import REVENUE, Entry, Line, subscriber, wallet
from flareflow.settlement.events import (
    ChainEvent,
    Closed,
    ExitCancelled,
    ExitRequested,
    LowBalance,
    OwnerChanged,
    PlanChanged,
    RevenueWithdrawn,
    Settled,
    SubscriptionEvent,
    SubscriptionOpened,
    Suspended,
    ToppedUp,
    Withdrawn,
)
from flareflow.settlement.journal import Posting, post
from flareflow.settlement.positions import Position
from flareflow.settlement.subscription import DEFAULT_TARIFF, Subscription, SubscriptionStatus

AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
OWNER = "0x01cf0e2f2f715450"
OPENED = SubscriptionOpened(1, OWNER, 1, 1, 1_000, 1_000)
COSTS_ONE: Final = 500
"""Rated micro-tokens for 1e-8 FLOW on the default plan."""


def event(happened: SubscriptionEvent | RevenueWithdrawn, height: int) -> ChainEvent:
    return ChainEvent(Position(height, 0, 0), AT, "ab" * 32, happened)


def posted(first: SubscriptionEvent, *following: SubscriptionEvent) -> Posting:
    """The posting of the last of these events, which follow on each other."""
    posting = post(event(first, 0), None, DEFAULT_TARIFF)
    for height, happened in enumerate(following, start=1):
        assert posting is not None
        posting = post(event(happened, height), posting.subscription, DEFAULT_TARIFF)
    assert posting is not None
    return posting


def state_after(*happened: SubscriptionEvent) -> Subscription:
    state = posted(*happened).subscription
    assert state is not None
    return state


@pytest.mark.parametrize(
    ("happened", "lines"),
    [
        ((OPENED,), (Line(wallet(OWNER), -1_000), Line(subscriber(1), 1_000))),
        ((OPENED, ToppedUp(1, "0x2", 5, 1_005)), (Line(wallet("0x2"), -5), Line(subscriber(1), 5))),
        ((OPENED, Settled(1, 7, 300 * COSTS_ONE, 300, 0, 700)), (Line(subscriber(1), -300), Line(REVENUE, 300))),
        ((OPENED, Withdrawn(1, None, 400, 600)), (Line(subscriber(1), -400), Line("wallet:unknown", 400))),
        ((OPENED, Closed(1, 1_000)), (Line(subscriber(1), -1_000), Line(wallet(OWNER), 1_000))),
        ((OPENED, Settled(1, 7, 10, 0, 0, 1_000)), ()),
        ((OPENED, LowBalance(1)), ()),
    ],
)
def test_each_event_moves_its_amount_from_one_account_to_another(
    happened: tuple[SubscriptionEvent, ...], lines: tuple[Line, ...]
) -> None:
    assert posted(*happened).entry.lines == lines


def test_a_withdrawal_of_revenue_changes_no_subscription() -> None:
    posting = post(event(RevenueWithdrawn(300, "0x3"), 9), None)
    assert posting is not None
    assert posting.subscription is None
    assert posting.entry.lines == (Line(REVENUE, -300), Line(wallet("0x3"), 300))


def test_an_entry_that_does_not_sum_to_zero_is_refused() -> None:
    with pytest.raises(BrokenRuleError, match="sum to zero"):
        Entry(1, Position(1, 0, 0), AT, "ab" * 32, "Settled", (Line("a", -1), Line("b", 2)))


def test_an_event_that_is_in_the_journal_already_posts_nothing() -> None:
    # Given a deposit of block 0 in the books
    state = state_after(OPENED)
    # When it comes again, then nothing is posted
    assert post(event(OPENED, 0), state) is None


def test_a_settlement_keeps_total_epoch_and_what_is_owed() -> None:
    state = state_after(OPENED, Settled(1, 7, 1_040 * COSTS_ONE, 1_000, 40, 0), Suspended(1))
    assert (state.settled_epoch, state.settled_microtokens) == (7, 1_040 * COSTS_ONE)
    assert (state.charged_ufix64, state.owed_ufix64, state.balance_ufix64) == (1_000, 40, 0)
    assert state.status is SubscriptionStatus.SUSPENDED


def test_a_posting_names_the_new_owner_and_the_former_one() -> None:
    posting = posted(OPENED, OwnerChanged(1, "0x9"))
    assert posting.subscription is not None
    assert posting.subscription.owner == "0x9"
    assert posting.former_owner == OWNER


def test_an_exiting_subscription_stays_exiting_when_its_deposit_runs_out() -> None:
    state = state_after(OPENED, ExitRequested(1), Settled(1, 7, 1_040 * COSTS_ONE, 1_000, 40, 0), Suspended(1))
    assert state.status is SubscriptionStatus.EXITING


def test_a_subscription_is_active_again_once_nothing_is_owed() -> None:
    owing = (OPENED, Settled(1, 7, 1_040 * COSTS_ONE, 1_000, 40, 0), Suspended(1), ToppedUp(1, None, 100, 100))
    assert state_after(*owing, Settled(1, 7, 1_040 * COSTS_ONE, 40, 0, 60)).status is SubscriptionStatus.ACTIVE


@pytest.mark.parametrize(
    ("happened", "status"),
    [(ExitRequested(1), SubscriptionStatus.EXITING), (Closed(1, 1_000), SubscriptionStatus.CLOSED)],
)
def test_exit_and_close_change_the_status(happened: SubscriptionEvent, status: SubscriptionStatus) -> None:
    assert state_after(OPENED, happened).status is status


@pytest.mark.parametrize(
    "happened",
    [
        ToppedUp(1, None, 5, 1_004),
        Settled(1, 7, 300 * COSTS_ONE, 300, 0, 701),
        Withdrawn(1, None, 400, 601),
        Closed(1, 999),
    ],
)
def test_a_balance_on_the_chain_that_differs_from_the_journals_is_an_error(happened: SubscriptionEvent) -> None:
    with pytest.raises(BrokenRuleError, match="chain reports"):
        posted(OPENED, happened)


@pytest.mark.parametrize(("owed", "status"), [(0, SubscriptionStatus.ACTIVE), (40, SubscriptionStatus.SUSPENDED)])
def test_after_a_cancelled_exit_a_subscription_is_suspended_only_if_it_owes_something(
    owed: int, status: SubscriptionStatus
) -> None:
    settled = Settled(1, 7, (1_000 + owed) * COSTS_ONE, 1_000, owed, 0)
    assert state_after(OPENED, ExitRequested(1), settled, ExitCancelled(1)).status is status


def test_a_changed_plan_is_stored() -> None:
    state = state_after(OPENED, PlanChanged(1, 3, 2, 0))
    assert (state.plan_id, state.plan_version) == (3, 2)


def test_more_than_the_deposit_is_never_charged() -> None:
    with pytest.raises(BrokenRuleError, match="is broken"):
        posted(OPENED, Settled(1, 7, 1_001 * COSTS_ONE, 1_001, 0, -1))


def test_a_settled_total_never_goes_down() -> None:
    with pytest.raises(BrokenRuleError, match="went down"):
        posted(OPENED, Settled(1, 7, 10, 0, 0, 1_000), Settled(1, 8, 9, 0, 0, 1_000))


def test_an_event_of_an_unknown_subscription_is_an_error() -> None:
    with pytest.raises(BrokenRuleError):
        posted(ToppedUp(1, None, 5, 5))


def test_a_subscription_is_opened_once() -> None:
    with pytest.raises(BrokenRuleError):
        posted(OPENED, OPENED)


type Step = Callable[[Subscription], SubscriptionEvent]


@st.composite
def steps(draw: st.DrawFn) -> Step:
    """A next event that fits on whatever state there is."""
    amount, share = draw(st.integers(0, 10**15)), draw(st.integers(0, 100))

    def topped_up(now: Subscription) -> SubscriptionEvent:
        return ToppedUp(1, None, amount, now.balance_ufix64 + amount)

    def settled(now: Subscription) -> SubscriptionEvent:
        total = now.settled_microtokens + amount
        due = now.due_ufix64(total)
        charge = min(due, now.balance_ufix64 * share // 100)
        return Settled(1, 7, total, charge, due - charge, now.balance_ufix64 - charge)

    def withdrawn(now: Subscription) -> SubscriptionEvent:
        taken = now.balance_ufix64 * share // 100
        return Withdrawn(1, OWNER, taken, now.balance_ufix64 - taken)

    announcements: list[SubscriptionEvent] = [LowBalance(1), Suspended(1), ExitRequested(1), OwnerChanged(1, OWNER)]
    announcement = draw(st.sampled_from(announcements))

    def announced(_: Subscription) -> SubscriptionEvent:
        return announcement

    return draw(st.sampled_from([topped_up, settled, withdrawn, announced]))


@settings(max_examples=200)
@given(st.integers(0, 10**15), st.lists(steps(), max_size=30), st.booleans())
def test_after_any_events_the_journal_sums_to_zero_and_the_whole_deposit_is_accounted_for(
    deposit: int, following: list[Step], closes: bool
) -> None:
    # Given a random life of a subscription
    state = state_after(SubscriptionOpened(1, OWNER, 1, 1, deposit, deposit))
    entries = [posted(SubscriptionOpened(1, OWNER, 1, 1, deposit, deposit)).entry]
    ending: list[Step] = [lambda now: Closed(1, now.balance_ufix64)] if closes else []
    for height, step in enumerate([*following, *ending], start=1):
        posting = post(event(step(state), height), state, DEFAULT_TARIFF)
        assert posting is not None
        assert posting.subscription is not None
        state = posting.subscription
        entries.append(posting.entry)
    # When the lines are added up by account
    balances = Counter[str]()
    for line in (line for entry in entries for line in entry.lines):
        balances[line.account] += line.amount_ufix64
    # Then they sum to zero and the projections are what they say
    assert sum(balances.values()) == 0
    assert balances[subscriber(1)] == state.balance_ufix64
    assert balances[REVENUE] == state.charged_ufix64
    outside = state.balance_ufix64 + state.charged_ufix64
    assert state.deposited_ufix64 == outside + state.withdrawn_ufix64 + state.refunded_ufix64


@pytest.mark.parametrize(
    ("balance", "charged", "withdrawn", "refunded"),
    [(8, 3, 0, 0), (6, 3, 0, 0), (7, 4, 0, 0), (7, 3, 1, 0), (7, 3, 0, 1)],
)
def test_a_deposit_of_10_is_balance_charged_withdrawn_and_refunded_together(
    balance: int, charged: int, withdrawn: int, refunded: int
) -> None:
    with pytest.raises(BrokenRuleError, match="is broken"):
        Subscription(
            subscription_id=1,
            owner=OWNER,
            plan_id=1,
            plan_version=1,
            position=Position(0, 0, 0),
            deposited_ufix64=10,
            balance_ufix64=balance,
            charged_ufix64=charged,
            withdrawn_ufix64=withdrawn,
            refunded_ufix64=refunded,
        )


def test_what_is_owed_is_what_the_last_settlement_says() -> None:
    first, second = Settled(1, 7, 1_040 * COSTS_ONE, 1_000, 40, 0), Settled(1, 8, 1_041 * COSTS_ONE, 0, 41, 0)
    state = state_after(OPENED, first, second)
    assert state.owed_ufix64 == 41


@pytest.mark.parametrize(
    "settled",
    [
        Settled(1, 7, 300 * COSTS_ONE, 301, 0, 699),
        Settled(1, 7, 300 * COSTS_ONE, 299, 0, 701),
        Settled(1, 7, 300 * COSTS_ONE, 200, 101, 800),
        Settled(1, 7, 300 * COSTS_ONE, 300, 0, 700, rate_ufix64=10**8 + 1),
    ],
    ids=["too much", "too little", "owing too much", "at a rate"],
)
def test_a_charge_that_is_not_what_the_bill_comes_to_is_an_error(settled: Settled) -> None:
    with pytest.raises(BrokenRuleError, match="300 were due in 1e-8 tokens"):
        posted(OPENED, settled)
