"""What an owner lets be charged in 30 days, and what becomes of the rest."""

from datetime import UTC, datetime

import pytest

from flareflow.adapters.flow.contracts import FlowChainLog
from flareflow.adapters.flow.json_cdc import ufix64, uint64
from flareflow.settlement.journal import post
from flareflow.settlement.subscription import DEFAULT_TARIFF
from tests.cadence.owners import act, leave, optional
from tests.support.flow_emulator import FLOW, SETTLE, Chain

pytestmark = pytest.mark.stack

MILLION = 10**6
THIRTY_DAYS = 30 * 24 * 3_600


def test_a_spend_cap_leaves_the_rest_owed_until_its_owner_leaves(chain: Chain) -> None:
    # Given a cap of half a FLOW
    account, subscription = chain.subscriber()
    act(chain, account, "set_spend_cap", uint64(subscription), optional(FLOW // 2))
    # When usage for one FLOW is settled
    result = chain.settle(7, (subscription, 50_000 * MILLION))
    # Then half is charged, and raising the cap lets the next settlement charge more
    assert [name for name, _ in chain.events(result)] == ["Settled", "Suspended"]
    state = chain.subscription(subscription)
    assert (state["charged"], state["owed"], state["balance"]) == (FLOW // 2, FLOW // 2, 19 * FLOW // 2)
    # And whoever leaves pays what is owed first
    leave(chain, account, subscription)
    events = act(chain, account, "close_subscription", uint64(subscription))
    assert [name for name, _ in events] == ["ResourceDestroyed", "Settled", "Resumed", "Closed"]
    assert chain.subscription(subscription)["charged"] == FLOW


def test_raising_the_cap_charges_what_it_allows_at_once(chain: Chain) -> None:
    # Given half a FLOW owed because of a cap
    account, subscription = chain.subscriber()
    cap = "subscriptions/set_spend_cap.cdc"
    act(chain, account, "set_spend_cap", uint64(subscription), optional(FLOW // 2))
    chain.settle(7, (subscription, 50_000 * MILLION))
    # When the owner raises it by a part and then takes it away
    raised = chain.run(cap, uint64(subscription), optional(FLOW * 3 // 4), signer=account)
    gone = chain.run(cap, uint64(subscription), optional(None), signer=account)
    # Then each time as much is charged as is allowed
    assert [name for name, _ in chain.events(raised)] == ["SpendCapSet", "Settled"]
    assert [name for name, _ in chain.events(gone)] == ["SpendCapSet", "Settled", "Resumed"]
    state = chain.subscription(subscription)
    assert (state["charged"], state["owed"], state["spendCap"]) == (FLOW, 0, None)


def test_a_lower_cap_than_was_spent_charges_nothing_more(chain: Chain) -> None:
    account, subscription = chain.subscriber()
    act(chain, account, "set_spend_cap", uint64(subscription), optional(FLOW))
    chain.settle(7, (subscription, 50_000 * MILLION))
    act(chain, account, "set_spend_cap", uint64(subscription), optional(FLOW // 4))
    chain.settle(8, (subscription, 60_000 * MILLION))
    state = chain.subscription(subscription)
    assert (state["charged"], state["owed"], state["spendable"]) == (FLOW, FLOW // 5, 0)


def test_the_ledger_knows_from_events_alone_what_a_cap_leaves(chain: Chain) -> None:
    # Given a cap of a FLOW of which a fifth was charged, and which was lowered by a quarter since
    account, subscription = chain.subscriber()
    act(chain, account, "set_spend_cap", uint64(subscription), optional(FLOW))
    chain.settle(7, (subscription, 10_000 * MILLION))
    act(chain, account, "set_spend_cap", uint64(subscription), optional(3 * FLOW // 4))
    # When the events are entered into the journal
    log, state = FlowChainLog(chain.flow.rest, chain.provider.address), None
    for event in log.events(max(0, log.latest_sealed_height() - 200), log.latest_sealed_height()).events:
        if getattr(event.happened, "subscription_id", None) == subscription:
            posting = post(event, state, DEFAULT_TARIFF)
            assert posting is not None
            state = posting.subscription
    # Then the ledger says what the contract says
    assert state is not None
    assert state.spendable_ufix64(datetime.now(UTC)) == chain.subscription(subscription)["spendable"] == 55_000_000


def test_the_rest_is_charged_when_the_next_period_of_a_cap_begins(chain: Chain) -> None:
    # Given half a FLOW owed because of a cap
    quick = chain.with_own_clock()
    account, subscription = quick.subscriber()
    act(quick, account, "set_spend_cap", uint64(subscription), optional(FLOW // 2))
    page = quick.attested_page(7, (subscription, 50_000 * MILLION))
    assert [name for name, _ in quick.events(quick.run(SETTLE, *page))] == ["Settled", "Suspended"]
    # When the same page comes before and after the period ends, and then another
    before = quick.run(SETTLE, *page)
    quick.wait(THIRTY_DAYS - 1)
    almost = quick.run(SETTLE, *page)
    quick.wait(1)
    after = quick.run(SETTLE, *page)
    more = quick.settle(8, (subscription, 60_000 * MILLION))
    # Then the rest is charged in the new period only, and the cap holds in that one too
    assert quick.events(before) == quick.events(almost) == []
    assert [name for name, _ in quick.events(after)] == ["Settled", "Resumed"]
    assert [name for name, _ in quick.events(more)] == ["Settled", "Suspended"]
    state = quick.subscription(subscription)
    assert (state["charged"], state["owed"]) == (FLOW, FLOW // 5)


def test_a_withdrawal_keeps_the_cap_and_pays_what_it_held_back(chain: Chain) -> None:
    # Given half a FLOW owed because of a cap, and an owner who may leave
    account, subscription = chain.subscriber()
    act(chain, account, "set_spend_cap", uint64(subscription), optional(FLOW // 2))
    chain.settle(7, (subscription, 50_000 * MILLION))
    leave(chain, account, subscription)
    # When a part is withdrawn
    events = act(chain, account, "withdraw", uint64(subscription), ufix64(FLOW))
    # Then the debt is paid first, and the cap is still there
    assert [name for name, _ in events] == ["Settled", "Resumed", "Withdrawn"]
    state = chain.subscription(subscription)
    assert (state["charged"], state["balance"], state["spendCap"]) == (FLOW, 8 * FLOW, FLOW // 2)


@pytest.mark.parametrize("limit", [0, 1, FLOW // 2])
def test_a_cap_delays_what_was_used_by_one_period_at_most(chain: Chain, limit: int) -> None:
    # Given a cap that was lowered after usage for one FLOW and before its settlement
    chain = chain.with_own_clock()
    account, subscription = chain.subscriber()
    act(chain, account, "set_spend_cap", uint64(subscription), optional(limit))
    page = chain.attested_page(7, (subscription, 50_000 * MILLION))
    chain.run(SETTLE, *page)
    assert chain.subscription(subscription)["charged"] == limit
    # When the next period begins
    chain.wait(THIRTY_DAYS)
    chain.run(SETTLE, *page)
    # Then the whole debt is charged, and it counts against the cap of that period
    state = chain.subscription(subscription)
    assert (state["charged"], state["owed"]) == (FLOW, 0)
    chain.settle(8, (subscription, 55_000 * MILLION))
    assert chain.subscription(subscription)["owed"] == FLOW // 10


def test_a_cap_holds_for_the_page_after_one_that_it_covered(chain: Chain) -> None:
    # Given a cap of 1.5 FLOW, of which one is charged and nothing is owed
    account, subscription = chain.subscriber()
    act(chain, account, "set_spend_cap", uint64(subscription), optional(FLOW * 3 // 2))
    chain.settle(7, (subscription, 50_000 * MILLION))
    # When usage for another 0.8 FLOW comes in the same tier
    chain.settle(8, (subscription, 90_000 * MILLION))
    # Then only what the cap leaves is charged
    state = chain.subscription(subscription)
    assert (state["charged"], state["owed"]) == (FLOW * 3 // 2, FLOW * 3 // 10)


def test_a_debt_from_an_earlier_period_is_charged_above_the_cap_at_any_time_in_the_next(chain: Chain) -> None:
    # Given one FLOW owed because of a cap of 0.25, and 0.75 left of the deposit
    chain = chain.with_own_clock()
    account, subscription = chain.subscriber(deposit=FLOW)
    act(chain, account, "set_spend_cap", uint64(subscription), optional(FLOW // 4))
    page = chain.attested_page(7, (subscription, 62_500 * MILLION))
    chain.run(SETTLE, *page)
    state = chain.subscription(subscription)
    assert (state["charged"], state["owed"]) == (FLOW // 4, FLOW)
    # When the next period begins, and the deposit covers only a part
    chain.wait(THIRTY_DAYS)
    chain.run(SETTLE, *page)
    state = chain.subscription(subscription)
    assert (state["charged"], state["owed"]) == (FLOW, FLOW // 4)
    # Then a top-up pays the rest of it in the same period
    act(chain, account, "top_up", uint64(subscription), ufix64(FLOW))
    state = chain.subscription(subscription)
    assert (state["charged"], state["owed"]) == (FLOW * 5 // 4, 0)
