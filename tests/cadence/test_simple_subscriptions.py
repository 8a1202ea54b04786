"""The small contract: prepaid, one flat price, the same verified source."""

import pytest

from flareflow.adapters.flow.json_cdc import array, string, ufix64, uint64
from flareflow.statements.merkle import OrderedTree
from flareflow.statements.models import SettlementPage
from infra.deploy.contracts import FLAT_PRICE_UFIX64, SIMPLE_TRIGGER
from infra.local.flow.accounts import LocalAccount
from tests.support.flow_emulator import (
    FIRST_ROUND,
    FLOW,
    FUNDS,
    LONG_NOTICES,
    Attested,
    Chain,
    page_of,
    words_of,
)

pytestmark = pytest.mark.stack

MILLION = 10**6
WEEK = 7 * 24 * 3_600
SETTLE = "simple/settle_page.cdc"


@pytest.fixture
def user(chain: Chain) -> LocalAccount:
    """An account with a pass and 10 FLOW deposited under id 1."""
    account = chain.flow.create_account(FUNDS)
    chain.run("simple/open.cdc", ufix64(10 * FLOW), signer=account)
    return account


def attest(chain: Chain, epoch: int, *entries: tuple[int, int], contract: str | None = None) -> OrderedTree:
    name = contract or f"A.{chain.provider.address}.SimpleUsageSubscriptions"
    tree = OrderedTree.over([SettlementPage(name, epoch, 0, entries).hash])
    told = Attested(epoch, words_of(epoch, tree.root), FIRST_ROUND + epoch)
    arguments = [*told.confirming(), *told.delivering(trigger_id=SIMPLE_TRIGGER)]
    chain.run("flare/deliver_statement.cdc", *arguments)
    return tree


def vault(chain: Chain) -> object:
    code = """
        import "SimpleUsageSubscriptions"
        access(all) fun main(): [UFix64] {
            return [SimpleUsageSubscriptions.vaultBalance(), SimpleUsageSubscriptions.unclaimedRevenue]
        }
    """
    return chain.evaluate(code)


def test_an_account_pays_the_flat_price_of_its_attested_total_once(chain: Chain, user: LocalAccount) -> None:
    # When a total is settled, twice
    attest(chain, 7, (1, 123_456_789_123))
    arguments = page_of(0, [(1, 123_456_789_123)], [])
    (settled,) = chain.events(chain.run(SETTLE, *arguments))
    again = chain.events(chain.run(SETTLE, *arguments))
    attest(chain, 8, (1, 1))
    lower = chain.events(chain.run(SETTLE, *page_of(0, [(1, 1)], [])))
    # Then it is paid once, rounded down, and a lower total changes nothing
    paid = 123_456_789_123 * FLAT_PRICE_UFIX64 // 10**9
    expected = {"accountId": 1, "ratedMicrotokens": 123_456_789_123, "paid": paid, "balanceAfter": 10 * FLOW - paid}
    assert settled == ("Settled", expected)
    assert again == lower == []
    assert vault(chain) == [10 * FLOW, paid]


def test_what_a_deposit_cannot_cover_is_paid_after_a_top_up(chain: Chain, user: LocalAccount) -> None:
    # Given usage for 15 FLOW and a deposit of 10
    attest(chain, 7, (1, 1_000_000 * MILLION))
    arguments = page_of(0, [(1, 1_000_000 * MILLION)], [])
    chain.run(SETTLE, *arguments)
    # When the deposit grows and the page comes again
    chain.run("simple/top_up.cdc", uint64(1), ufix64(6 * FLOW), signer=user)
    chain.run(SETTLE, *arguments)
    # Then all of it is paid
    assert vault(chain) == [16 * FLOW, 15 * FLOW]


def test_a_page_for_another_contract_or_with_another_total_is_refused(chain: Chain, user: LocalAccount) -> None:
    nothing = "SimpleUsageSubscriptions.settle: no statement is attested yet"
    chain.refuses(nothing, SETTLE, *page_of(0, [(1, MILLION)], []))
    refusal = "SettlementPages: page 0 does not belong to the settlement root of epoch"
    attest(chain, 7, (1, MILLION), contract=chain.contract)
    chain.refuses(f"{refusal} 7", SETTLE, *page_of(0, [(1, MILLION)], []))
    attest(chain, 8, (1, MILLION))
    chain.refuses(f"{refusal} 8", SETTLE, *page_of(0, [(1, MILLION + 1)], []))
    chain.refuses(
        "SettlementPages: 1 ids but 0 totals",
        SETTLE,
        uint64(0),
        array(uint64, [1]),
        array(uint64, []),
        array(string, []),
    )


def test_a_statement_that_comes_late_does_not_replace_a_newer_one(chain: Chain, user: LocalAccount) -> None:
    # Given the statement of epoch 8
    attest(chain, 8, (1, 2 * MILLION))
    # When that of epoch 7 comes after it
    attest(chain, 7, (1, MILLION))
    # Then the newer one is settled
    (settled,) = chain.events(chain.run(SETTLE, *page_of(0, [(1, 2 * MILLION)], [])))
    assert settled[1]["ratedMicrotokens"] == 2 * MILLION


def test_the_rest_comes_back_after_the_notice(chain: Chain, user: LocalAccount) -> None:
    # Given an account that has used something
    attest(chain, 7, (1, 100_000 * MILLION))
    chain.run(SETTLE, *page_of(0, [(1, 100_000 * MILLION)], []))
    # Then its rest is had by request, notice and pass only
    chain.refuses("SimpleUsageSubscriptions.close: account 1 is active; its rest", "simple/close.cdc", signer=user)
    chain.run("simple/request_exit.cdc", signer=user)
    chain.refuses("close: the signer has no pass", "simple/close.cdc", signer=chain.provider)
    events = chain.events(chain.run("simple/close.cdc", signer=user))
    assert events == [("Closed", {"accountId": 1, "refunded": 17 * FLOW // 2})]
    # And later pages pass over it
    attest(chain, 8, (1, 200_000 * MILLION))
    assert chain.events(chain.run(SETTLE, *page_of(0, [(1, 200_000 * MILLION)], []))) == []


STATUS = """
    import "SimpleUsageSubscriptions"
    access(all) fun main(): String { return SimpleUsageSubscriptions.usageAccount(1)!.status() }
"""


def test_an_exit_is_possible_in_the_week_after_its_notice(chain: Chain) -> None:
    # Given an account whose owner requests the exit
    chain = chain.with_own_clock(notices=LONG_NOTICES)
    user = chain.flow.create_account(FUNDS)
    chain.run("simple/open.cdc", ufix64(10 * FLOW), signer=user)
    assert chain.evaluate(STATUS) == "active"
    chain.run("simple/request_exit.cdc", signer=user)
    # Then the rest cannot be taken before the notice ends, and the exit is requested only once
    assert chain.evaluate(STATUS) == "exiting"
    chain.wait(LONG_NOTICES.exit - 1)
    early = "SimpleUsageSubscriptions.close: account 1 is exiting; its rest"
    chain.refuses(early, "simple/close.cdc", signer=user)
    again = "SimpleUsageSubscriptions.requestExit: the exit of account 1 is requested already"
    chain.refuses(again, "simple/request_exit.cdc", signer=user)
    chain.wait(1)
    assert chain.evaluate(STATUS) == "leaving"
    # And a week later the exit has lapsed, and must be requested anew
    chain.wait(WEEK + 1)
    assert chain.evaluate(STATUS) == "active"
    chain.refuses("account 1 is active", "simple/close.cdc", signer=user)
    chain.run("simple/request_exit.cdc", signer=user)
    chain.wait(LONG_NOTICES.exit + WEEK)
    chain.run("simple/close.cdc", signer=user)


def test_an_exit_can_be_cancelled(chain: Chain, user: LocalAccount) -> None:
    nothing = "SimpleUsageSubscriptions.cancelExit: no exit of account 1 is requested"
    chain.refuses(nothing, "simple/cancel_exit.cdc", signer=user)
    chain.run("simple/request_exit.cdc", signer=user)
    events = chain.events(chain.run("simple/cancel_exit.cdc", signer=user))
    assert events == [("ExitCancelled", {"accountId": 1})]
    chain.refuses("account 1 is active", "simple/close.cdc", signer=user)


def test_the_provider_takes_what_was_paid_and_no_more(chain: Chain, user: LocalAccount) -> None:
    take = "simple/withdraw_revenue.cdc"
    attest(chain, 7, (1, 100_000 * MILLION))
    chain.run(SETTLE, *page_of(0, [(1, 100_000 * MILLION)], []))
    chain.refuses("withdraw_revenue: the signer is not the provider", take, ufix64(1), signer=user)
    chain.refuses(
        "SimpleUsageSubscriptions.withdrawRevenue: 1.50000000 is unclaimed, not 1.50000001",
        take,
        ufix64(3 * FLOW // 2 + 1),
        signer=chain.provider,
    )
    chain.run(take, ufix64(3 * FLOW // 2), signer=chain.provider)
    assert vault(chain) == [17 * FLOW // 2, 0]
