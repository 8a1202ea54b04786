"""What the provider may do and stop, and what each of its rights leaves out."""

import pytest

from flareflow.adapters.flow.json_cdc import ufix64, uint64
from infra.deploy.contracts import Notices
from infra.deploy.sending import TransactionFailedError
from tests.cadence.owners import act, balance_of, leave
from tests.support.chain_clock import START_SECONDS
from tests.support.flow_emulator import FLOW, SETTLE, Chain

pytestmark = pytest.mark.stack

MILLION = 10**6
HOUR = 3_600
DAY = 24 * HOUR


def test_stops_hold_up_openings_and_settlement_but_never_money_on_its_way_out(chain: Chain) -> None:
    # Given an owner who is leaving
    chain = chain.with_own_clock()
    account, subscription = chain.subscriber()
    leave(chain, account, subscription)
    # When the provider stops openings for an hour and settlement for two
    until = (START_SECONDS + HOUR) * FLOW
    opening = chain.events(chain.run("subscriptions/stop_opening.cdc", ufix64(until), signer=chain.provider))
    later = until + HOUR * FLOW
    settlement = chain.events(chain.run("subscriptions/stop_settlement.cdc", ufix64(later), signer=chain.provider))
    assert opening == [("OpeningStopped", {"until": until})]
    assert settlement == [("SettlementStopped", {"until": later})]
    # Then nothing new begins and nothing is charged, and the owner still gets the deposit
    terms = uint64(0), uint64(1), ufix64(FLOW)
    chain.refuses(
        f"SubscriptionPlans.open: new subscriptions are stopped until {until // FLOW}.00000000",
        "subscriptions/open_subscription.cdc",
        *terms,
        signer=account,
    )
    page = chain.attested_page(7, (subscription, MILLION))
    stopped = f"UsageBasedSubscriptions.settle: settlement is stopped until {later // FLOW}.00000000"
    chain.refuses(stopped, SETTLE, *page)
    before = balance_of(chain, account)
    act(chain, account, "close_subscription", uint64(subscription))
    assert balance_of(chain, account) > before + 9 * FLOW
    # And each stop ends by itself
    chain.wait(HOUR)
    chain.open(account)
    chain.refuses(stopped, SETTLE, *page)
    chain.wait(HOUR)
    chain.run(SETTLE, *page)


@pytest.mark.parametrize("what", ["stop_opening", "stop_settlement"])
def test_a_stop_lasts_a_week_at_most(chain: Chain, what: str) -> None:
    chain = chain.with_own_clock()
    week = (START_SECONDS + 168 * HOUR) * FLOW
    chain.refuses(
        f"UsageBasedSubscriptions: a stop lasts until {week // FLOW}.00000000 at most, not until",
        f"subscriptions/{what}.cdc",
        ufix64(week + 1),
        signer=chain.provider,
    )
    chain.run(f"subscriptions/{what}.cdc", ufix64(week), signer=chain.provider)
    # A time that has passed ends it
    chain.run(f"subscriptions/{what}.cdc", ufix64(0), signer=chain.provider)


@pytest.mark.parametrize(
    ("right", "call"),
    [
        ("Operate", "admin.withdrawRevenue(amount: 0.0, receiver: receiver)"),
        ("Operate", "admin.credit(subscriptionId: 1, amount: 1.0)"),
        ("Operate", "admin.forgive(subscriptionId: 1, amount: 1.0)"),
        ("Correct", "admin.withdrawRevenue(amount: 0.0, receiver: receiver)"),
        ("Correct", "admin.endSubscription(1)"),
        ("Collect", "admin.credit(subscriptionId: 1, amount: 1.0)"),
        ("Collect", "admin.stopOpening(until: 0.0)"),
        ("Collect", "admin.stopSettlement(until: 0.0)"),
        ("Collect", "admin.waiveExitNotice(1)"),
    ],
)
def test_none_of_the_providers_rights_contains_another(chain: Chain, right: str, call: str) -> None:
    code = f"""
        import "FungibleToken"
        import "UsageBasedSubscriptions"
        transaction {{
            prepare(signer: auth(BorrowValue) &Account) {{
                let admin = signer.storage.borrow<auth(UsageBasedSubscriptions.{right}) &UsageBasedSubscriptions.Admin>(
                    from: UsageBasedSubscriptions.AdminStoragePath
                )!
                let receiver = signer.storage.borrow<&{{FungibleToken.Receiver}}>(from: /storage/flowTokenVault)!
                {call}
            }}
        }}
    """
    with pytest.raises(TransactionFailedError, match="access denied: cannot access"):
        chain.flow.run_code(chain.provider, code)


def test_revenue_is_held_back_and_can_be_given_back(chain: Chain) -> None:
    # Given a deployment that holds revenue back for a week, and one FLOW charged
    chain = chain.with_own_clock(notices=Notices(trigger=0, plan=0, exit=0, settlement=0, revenue=7 * DAY))
    _, subscription = chain.subscriber()
    chain.settle(7, (subscription, 50_000 * MILLION))
    take = "subscriptions/withdraw_revenue.cdc"
    refusal = "SubscriptionCustody.withdrawRevenue: 0.00000000 can be claimed now, not 0.60000000"
    # Then nothing can be taken for a week after the day of the charge
    chain.wait(8 * DAY - 1 - START_SECONDS % DAY)
    chain.refuses(refusal, take, ufix64(FLOW * 6 // 10), signer=chain.provider)
    # And a part of it is given back
    credit = "subscriptions/credit.cdc"
    too_much = "SubscriptionCustody.credit: 1.00000000 of revenue is unclaimed, not 1.00000001"
    chain.refuses(too_much, credit, uint64(subscription), ufix64(FLOW + 1), signer=chain.provider)
    credited = chain.events(chain.run(credit, uint64(subscription), ufix64(FLOW * 4 // 10), signer=chain.provider))
    fields = {"subscriptionId": subscription, "amount": FLOW * 4 // 10, "balanceAfter": FLOW * 94 // 10}
    assert credited == [("Credited", fields)]
    # And the rest is taken a second later
    chain.wait(1)
    chain.run(take, ufix64(FLOW * 6 // 10), signer=chain.provider)
    assert chain.script("subscriptions/get_vault.cdc") == {"balance": FLOW * 94 // 10, "unclaimedRevenue": 0}


def test_each_days_revenue_is_held_back_by_itself(chain: Chain) -> None:
    # Given a deployment that holds revenue back for a day, and 1 FLOW charged on a first day and another later
    chain = chain.with_own_clock(notices=Notices(trigger=0, plan=0, exit=0, settlement=0, revenue=DAY))
    _, subscription = chain.subscriber()
    chain.settle(7, (subscription, 50_000 * MILLION))
    chain.wait(2 * DAY - START_SECONDS % DAY)
    chain.settle(8, (subscription, 100_000 * MILLION))
    # Then the first day's can be taken, and the last day's a day after it has ended
    take = "subscriptions/withdraw_revenue.cdc"
    refusal = "SubscriptionCustody.withdrawRevenue: 1.00000000 can be claimed now, not 1.00000001"
    chain.refuses(refusal, take, ufix64(FLOW + 1), signer=chain.provider)
    chain.run(take, ufix64(FLOW), signer=chain.provider)
    chain.wait(2 * DAY)
    chain.run(take, ufix64(FLOW), signer=chain.provider)
    assert chain.script("subscriptions/get_vault.cdc") == {"balance": 8 * FLOW, "unclaimedRevenue": 0}


def test_a_top_up_does_not_disappear_into_a_forgiven_debt(chain: Chain) -> None:
    # Given a wrong total, which left 1 FLOW owed
    account, subscription = chain.subscriber(deposit=FLOW)
    chain.settle(7, (subscription, 100_000 * MILLION))
    forgive = "subscriptions/forgive.cdc"
    too_much = f"SubscriptionCustody.forgive: subscription {subscription} owes 1.00000000, not 1.00000001"
    chain.refuses(too_much, forgive, uint64(subscription), ufix64(FLOW + 1), signer=chain.provider)
    # When the provider gives it up
    events = chain.events(chain.run(forgive, uint64(subscription), ufix64(FLOW), signer=chain.provider))
    forgiven = {"subscriptionId": subscription, "amount": FLOW, "owedAfter": 0}
    assert events == [("Forgiven", forgiven), ("Resumed", {"subscriptionId": subscription})]
    # Then a top-up stays, and later usage costs what it costs beyond the wrong total
    act(chain, account, "top_up", uint64(subscription), ufix64(5 * FLOW))
    assert chain.subscription(subscription)["balance"] == 5 * FLOW
    chain.settle(8, (subscription, 101_000 * MILLION))
    assert chain.subscription(subscription)["balance"] == 5 * FLOW - 1_500_000


def test_the_provider_ends_a_subscription_with_notice_and_full_refund(chain: Chain) -> None:
    # Given a subscription with a debt, whose owner tops it up after the provider ended it
    chain = chain.with_own_clock(notices=Notices(trigger=2 * DAY, plan=2 * DAY, exit=DAY, settlement=0, revenue=0))
    chain.wait(2 * DAY)
    account, subscription = chain.subscriber(deposit=3 * FLOW)
    end = "subscriptions/end_subscription.cdc"
    (ended,) = chain.events(chain.run(end, uint64(subscription), signer=chain.provider))
    assert (ended[0], ended[1]["isByProvider"]) == ("ExitRequested", True)
    # Then the owner cannot cancel that, and nobody is paid before the notice ends
    refusal = f"SubscriptionCustody.cancelExit: the provider ends subscription {subscription}"
    chain.refuses(refusal, "subscriptions/cancel_exit.cdc", uint64(subscription), signer=account)
    early = f"SubscriptionCustody.payEnded: the provider has not ended subscription {subscription}"
    chain.refuses(early, "subscriptions/pay_ended.cdc", uint64(subscription))
    chain.wait(DAY)
    # And afterwards nothing more is charged, and anyone sends the owner the whole balance
    names = [name for name, _ in chain.events(chain.settle(7, (subscription, 50_000 * MILLION)))]
    assert names == ["SettlementSkipped"]
    before = balance_of(chain, account)
    chain.run("subscriptions/pay_ended.cdc", uint64(subscription))
    assert balance_of(chain, account) == before + 3 * FLOW
    assert chain.subscription(subscription)["status"] == "closed"


def test_an_exit_waits_until_a_confirmed_statement_can_have_been_settled(chain: Chain) -> None:
    # Given an owner whose notice ends a minute after a statement was confirmed
    chain = chain.with_own_clock(notices=Notices(trigger=3 * DAY, plan=3 * DAY, exit=DAY, settlement=HOUR, revenue=0))
    chain.wait(3 * DAY)
    account, subscription = chain.subscriber()
    act(chain, account, "request_exit", uint64(subscription))
    chain.wait(DAY - 60)
    page = chain.attested_page(7, (subscription, 50_000 * MILLION))
    # Then the owner leaves an hour after that statement, and no later one delays that
    chain.wait(HOUR - 1)
    refusal = f"SubscriptionCustody: the notice of subscription {subscription} ends at"
    chain.refuses(refusal, "subscriptions/close_subscription.cdc", uint64(subscription), signer=account)
    chain.run(SETTLE, *page)
    chain.wait(61)
    act(chain, account, "close_subscription", uint64(subscription))
    assert chain.subscription(subscription)["refunded"] == 9 * FLOW
