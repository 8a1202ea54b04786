"""What owners and the provider may do with a subscription, and what nobody may."""

import pytest

from flareflow.adapters.flow.json_cdc import Argument, address, array, ufix64, uint64
from infra.deploy.sending import TransactionFailedError
from tests.cadence.owners import act, leave, move_holder, optional
from tests.support.flow_emulator import FLOW, LONG_NOTICES, SHORT_NOTICES, Chain

pytestmark = pytest.mark.stack

MILLION = 10**6


def test_an_owner_takes_the_rest_out_after_the_notice(chain: Chain) -> None:
    # Given a subscription of which a part is charged
    chain = chain.with_own_clock(notices=SHORT_NOTICES)
    account, subscription = chain.subscriber()
    chain.wait(2)
    chain.settle(7, (subscription, 50_000 * MILLION))
    # When the owner requests the exit and the notice passes
    chain.refuses(
        f"SubscriptionCustody: no exit of subscription {subscription} is requested",
        "subscriptions/withdraw.cdc",
        uint64(subscription),
        ufix64(FLOW),
        signer=account,
    )
    (requested,) = act(chain, account, "request_exit", uint64(subscription))
    assert requested[0] == "ExitRequested"
    assert chain.subscription(subscription)["status"] == "exiting"
    chain.wait(1)
    # Then a part and then the rest come back, and no more
    withdrawn = act(chain, account, "withdraw", uint64(subscription), ufix64(4 * FLOW))
    assert withdrawn == [
        (
            "Withdrawn",
            {
                "subscriptionId": subscription,
                "to": f"0x{account.address}",
                "amount": 4 * FLOW,
                "balanceAfter": 5 * FLOW,
            },
        )
    ]
    chain.refuses(
        f"SubscriptionCustody.withdraw: subscription {subscription} has 5.00000000, not 5.00000001",
        "subscriptions/withdraw.cdc",
        uint64(subscription),
        ufix64(5 * FLOW + 1),
        signer=account,
    )
    assert act(chain, account, "close_subscription", uint64(subscription)) == [
        ("ResourceDestroyed", {"subscriptionId": subscription}),
        ("Closed", {"subscriptionId": subscription, "to": f"0x{account.address}", "refunded": 5 * FLOW, "owed": 0}),
    ]
    state = chain.subscription(subscription)
    assert (state["status"], state["balance"], state["withdrawn"], state["refunded"], state["charged"]) == (
        "closed",
        0,
        4 * FLOW,
        5 * FLOW,
        FLOW,
    )


def test_nothing_is_taken_out_before_the_notice_ends(chain: Chain) -> None:
    chain = chain.deployed_again(notices=LONG_NOTICES)
    account, subscription = chain.subscriber()
    act(chain, account, "request_exit", uint64(subscription))
    refusal = f"SubscriptionCustody: the notice of subscription {subscription} ends at"
    for what, amount in {"withdraw": [ufix64(FLOW)], "close_subscription": []}.items():
        chain.refuses(refusal, f"subscriptions/{what}.cdc", uint64(subscription), *amount, signer=account)


def test_usage_attested_during_the_notice_is_still_charged(chain: Chain) -> None:
    account, subscription = chain.subscriber()
    act(chain, account, "request_exit", uint64(subscription))
    chain.settle(7, (subscription, 50_000 * MILLION))
    assert chain.subscription(subscription)["balance"] == 9 * FLOW


def test_a_closed_subscription_is_skipped_by_later_pages(chain: Chain) -> None:
    account, subscription = chain.subscriber()
    leave(chain, account, subscription)
    act(chain, account, "close_subscription", uint64(subscription))
    assert [name for name, _ in chain.events(chain.settle(7, (subscription, MILLION)))] == ["SettlementSkipped"]
    chain.refuses(
        f"SubscriptionCustody: subscription {subscription} is closed",
        "subscriptions/top_up.cdc",
        uint64(subscription),
        ufix64(FLOW),
        signer=account,
    )


def test_an_exit_is_requested_once_and_can_be_cancelled(chain: Chain) -> None:
    account, subscription = chain.subscriber()
    act(chain, account, "request_exit", uint64(subscription))
    chain.refuses(
        f"SubscriptionCustody.requestExit: the exit of subscription {subscription} is requested already",
        "subscriptions/request_exit.cdc",
        uint64(subscription),
        signer=account,
    )
    assert act(chain, account, "cancel_exit", uint64(subscription)) == [
        ("ExitCancelled", {"subscriptionId": subscription})
    ]
    assert chain.subscription(subscription)["status"] == "active"
    chain.refuses(
        f"no exit of subscription {subscription} is requested",
        "subscriptions/cancel_exit.cdc",
        uint64(subscription),
        signer=account,
    )


def test_the_provider_may_waive_the_notice_of_an_exit_that_the_owner_requested(chain: Chain) -> None:
    account, subscription = chain.subscriber()
    waive = "subscriptions/waive_exit_notice.cdc"
    chain.refuses(
        f"no exit of subscription {subscription} is requested", waive, uint64(subscription), signer=chain.provider
    )
    act(chain, account, "request_exit", uint64(subscription))
    chain.run(waive, uint64(subscription), signer=chain.provider)
    act(chain, account, "close_subscription", uint64(subscription))


def test_the_provider_lets_nobody_go_early_who_owes_something(chain: Chain) -> None:
    account, subscription = chain.subscriber(deposit=FLOW)
    chain.settle(7, (subscription, 100_000 * MILLION))
    act(chain, account, "request_exit", uint64(subscription))
    chain.refuses(
        f"SubscriptionCustody.waiveExitNotice: subscription {subscription} owes 1.00000000",
        "subscriptions/waive_exit_notice.cdc",
        uint64(subscription),
        signer=chain.provider,
    )


def test_the_rights_over_a_subscription_are_its_holders_alone(chain: Chain) -> None:
    # Given two owners
    owner, subscription = chain.subscriber()
    act(chain, owner, "publish_holder")
    stranger, _ = chain.subscriber()
    # Then neither can do anything with the other's
    refusal = f"SubscriptionOwnership.Holder: subscription {subscription} is not held here"
    for what, arguments in {
        "request_exit": [uint64(subscription)],
        "cancel_exit": [uint64(subscription)],
        "withdraw": [uint64(subscription), ufix64(1)],
        "close_subscription": [uint64(subscription)],
        "set_spend_cap": [uint64(subscription), optional(None)],
        "change_plan": [uint64(subscription), uint64(0), uint64(1)],
        "move_ownership": [uint64(subscription), address(owner.address)],
    }.items():
        chain.refuses(refusal, f"subscriptions/{what}.cdc", *arguments, signer=stranger)


def test_a_stranger_has_none_of_the_providers_rights(chain: Chain) -> None:
    stranger, subscription = chain.subscriber()
    refusal = "the signer is not the provider"
    for what, arguments in {
        "withdraw_revenue": [ufix64(0)],
        "stop_opening": [ufix64(0)],
        "stop_settlement": [ufix64(0)],
        "end_subscription": [uint64(subscription)],
        "retire_plan": [uint64(0)],
        "credit": [uint64(subscription), ufix64(1)],
        "forgive": [uint64(subscription), ufix64(1)],
        "waive_exit_notice": [uint64(subscription)],
        "add_plan": [
            uint64(1),
            uint64(1),
            Argument("Bool", False),
            array(uint64, []),
            array(ufix64, [1]),
            ufix64(0),
            ufix64(0),
        ],
    }.items():
        chain.refuses(refusal, f"subscriptions/{what}.cdc", *arguments, signer=stranger)


def test_the_provider_takes_what_was_charged_and_no_more(chain: Chain) -> None:
    # Given 1 FLOW charged
    _, subscription = chain.subscriber()
    chain.settle(7, (subscription, 50_000 * MILLION))
    # Then exactly that can be taken
    take = "subscriptions/withdraw_revenue.cdc"
    chain.refuses(
        "SubscriptionCustody.withdrawRevenue: 1.00000000 can be claimed now, not 1.00000001",
        take,
        ufix64(FLOW + 1),
        signer=chain.provider,
    )
    assert chain.events(chain.run(take, ufix64(FLOW), signer=chain.provider)) == [
        ("RevenueWithdrawn", {"amount": FLOW, "to": f"0x{chain.provider.address}", "unclaimedAfter": 0})
    ]
    assert chain.script("subscriptions/get_vault.cdc") == {"balance": 9 * FLOW, "unclaimedRevenue": 0}


def test_anyone_may_top_up_and_nobody_with_nothing(chain: Chain) -> None:
    _, subscription = chain.subscriber()
    benefactor = chain.flow.create_account(100 * FLOW)
    (event,) = act(chain, benefactor, "top_up", uint64(subscription), ufix64(FLOW))
    assert event == (
        "ToppedUp",
        {"subscriptionId": subscription, "from": None, "amount": FLOW, "balanceAfter": 11 * FLOW},
    )
    chain.refuses(
        "SubscriptionCustody.topUp: the payment is empty",
        "subscriptions/top_up.cdc",
        uint64(subscription),
        ufix64(0),
        signer=benefactor,
    )


@pytest.mark.parametrize("nobodys", [0, 99, 2**64 - 1])
def test_a_subscription_that_is_nobodys_takes_no_money(chain: Chain, nobodys: int) -> None:
    chain.refuses(
        f"SubscriptionCustody: there is no subscription {nobodys}",
        "subscriptions/top_up.cdc",
        uint64(nobodys),
        ufix64(FLOW),
    )


def test_an_ownership_moves_with_all_its_rights(chain: Chain) -> None:
    # Given two owners
    giver, subscription = chain.subscriber()
    taker, other = chain.subscriber()
    # When the other lets itself be given subscriptions, and the one gives it one
    chain.refuses(
        f"move_ownership: 0x{taker.address} has published no holder",
        "subscriptions/move_ownership.cdc",
        uint64(subscription),
        address(taker.address),
        signer=giver,
    )
    act(chain, taker, "publish_holder")
    events = act(chain, giver, "move_ownership", uint64(subscription), address(taker.address))
    assert events == [
        (
            "OwnerChanged",
            {"subscriptionId": subscription, "from": f"0x{giver.address}", "to": f"0x{taker.address}"},
        )
    ]
    # Then it is the other's, in the contract's eyes too
    assert chain.subscription(subscription)["owner"] == f"0x{taker.address}"
    held = chain.script("subscriptions/get_subscription_ids.cdc", address(taker.address))
    assert isinstance(held, list) and sorted(map(int, map(str, held))) == sorted([subscription, other])
    chain.refuses("is not held here", "subscriptions/request_exit.cdc", uint64(subscription), signer=giver)
    act(chain, taker, "request_exit", uint64(subscription))


USE_LOOSE_HOLDER = """
    import "SubscriptionOwnership"
    transaction(subscriptionId: UInt64) {
        prepare(giver: auth(LoadValue) &Account) {
            let holder <- giver.storage.load<@SubscriptionOwnership.Holder>(
                from: SubscriptionOwnership.HolderStoragePath
            )!
            let rights = &holder as auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder
            rights.requestExit(subscriptionId: subscriptionId)
            destroy holder
        }
    }
"""


def test_a_holder_outside_of_storage_has_no_power(chain: Chain) -> None:
    giver, subscription = chain.subscriber()
    with pytest.raises(TransactionFailedError, match="a holder works only in the storage of an account"):
        chain.flow.run_code(giver, USE_LOOSE_HOLDER, uint64(subscription))


def test_a_holder_that_was_moved_as_a_whole_must_claim_first(chain: Chain) -> None:
    # Given an owner whose holder moves to another account
    giver, subscription = chain.subscriber()
    taker = chain.flow.create_account(100 * FLOW)
    move_holder(chain.flow, giver, taker)
    # Then it works there only after the contract was told
    chain.refuses(
        f"subscription {subscription} is recorded for 0x{giver.address}; claim it first",
        "subscriptions/request_exit.cdc",
        uint64(subscription),
        signer=taker,
    )
    (event,) = act(chain, taker, "claim", uint64(subscription))
    assert event[0] == "OwnerChanged"
    act(chain, taker, "request_exit", uint64(subscription))
    chain.refuses(
        "claim: the signer holds no subscriptions", "subscriptions/claim.cdc", uint64(subscription), signer=giver
    )
