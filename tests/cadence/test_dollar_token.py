"""Deposits in a token that is worth a dollar: the token is an argument of deployment, and plans in dollars need no oracle."""

from dataclasses import dataclass, replace
from typing import Final

import pytest

from flareflow.adapters.flow.contracts import FlowChainLog, FlowDepositToken
from flareflow.adapters.flow.json_cdc import address, string, ufix64, uint64
from flareflow.adapters.flow.rest import FlowScripts
from flareflow.settlement.chain_events import ReadChainEvents
from flareflow.settlement.pricing import MICROTOKENS_PER_TOKEN, Currency
from infra.deploy.contracts import PlanTerms, add_plan, contract_code
from infra.deploy.sending import TransactionFailedError
from infra.local.flow.accounts import LocalAccount, service_account
from infra.local.flow.contracts import LocalDeployer
from tests.fakes.settlement import FakeClock, FakeLedger
from tests.support.flow_emulator import FUNDS, MONEY, Chain

pytestmark = pytest.mark.stack

DOLLAR: Final = 10**8
HALF_USED: Final = 50_000 * MICROTOKENS_PER_TOKEN
"""Tokens of usage for 1 dollar by the default prices."""
IN_DOLLARS: Final = 1
RECEIVE: Final = """
    import "FungibleToken"
    import DollarToken from 0xTOKEN
    transaction(amount: UFix64) {
        prepare(signer: auth(SaveValue, IssueStorageCapabilityController, PublishCapability) &Account) {
            signer.storage.save(<-DollarToken.mint(amount: amount), to: /storage/dollarTokenVault)
            let receiver = signer.capabilities.storage.issue<&{FungibleToken.Receiver}>(/storage/dollarTokenVault)
            signer.capabilities.publish(receiver, at: /public/dollarTokenReceiver)
        }
    }
"""
PAY_IN_FLOW: Final = """
    import "FlowToken"
    import "FungibleToken"
    import "SubscriptionCustody"
    transaction(subscriptionId: UInt64) {
        prepare(signer: auth(BorrowValue) &Account) {
            let vault = signer.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(from: /storage/flowTokenVault)!
            SubscriptionCustody.topUp(subscriptionId: subscriptionId, payment: <-vault.withdraw(amount: 5.0))
        }
    }
"""
BALANCE: Final = """
    import "FungibleToken"
    access(all) fun main(account: Address): UFix64 {
        return getAuthAccount<auth(BorrowValue) &Account>(account)
            .storage.borrow<&{FungibleToken.Vault}>(from: /storage/dollarTokenVault)!.balance
    }
"""


@dataclass(frozen=True)
class OnDollars:
    """Our contracts, deployed by the code that deploys them anywhere, with a token of another account for deposits."""

    chain: Chain
    token_address: str

    def rich(self) -> LocalAccount:
        """A new account with 100 dollars in the token."""
        account = self.chain.flow.create_account(FUNDS)
        self.chain.flow.run_code(account, RECEIVE.replace("TOKEN", self.token_address), ufix64(100 * DOLLAR))
        return account

    def subscriber(self, plan: int, deposit: int = 20 * DOLLAR) -> tuple[LocalAccount, int]:
        account = self.rich()
        return account, self.chain.open(account, deposit, plan)

    def balance_of(self, account: LocalAccount) -> object:
        return self.chain.evaluate(BALANCE, address(account.address))


@pytest.fixture
def on_dollars(chain: Chain) -> OnDollars:
    account = chain.flow.create_account(FUNDS)
    code = contract_code("DollarToken", "emulator", account.address)
    LocalDeployer(chain.flow, account).run("deploy/deploy_contract.cdc", code, string("DollarToken"))
    token = replace(MONEY, contract="DollarToken", address=account.address, is_dollar=True)
    deployed = chain.deployed_again(money=token)
    add_plan(LocalDeployer(deployed.flow, deployed.provider), PlanTerms(plan_id=IN_DOLLARS, is_in_dollars=True))
    return OnDollars(deployed, account.address)


def test_a_plan_in_dollars_is_charged_one_to_one_without_an_oracle(on_dollars: OnDollars) -> None:
    # Given a subscription on a plan in dollars, and an oracle that has no price
    chain = on_dollars.chain
    _, subscription = on_dollars.subscriber(IN_DOLLARS)
    # When usage for one dollar is settled by the transaction that reads no rate
    ((_, settled),) = chain.events(chain.settle(7, (subscription, HALF_USED)))
    # Then it costs one of the token, and the event has no rate
    assert (settled["charged"], settled["rate"], settled["balanceAfter"]) == (DOLLAR, None, 19 * DOLLAR)
    assert chain.subscription(subscription)["isInDollars"] is False


def test_a_debt_is_paid_by_a_top_up_in_the_token(on_dollars: OnDollars) -> None:
    chain = on_dollars.chain
    account, subscription = on_dollars.subscriber(IN_DOLLARS, deposit=DOLLAR)
    chain.settle(7, (subscription, 2 * HALF_USED))
    assert chain.subscription(subscription)["owed"] == DOLLAR
    chain.run("subscriptions/top_up.cdc", uint64(subscription), ufix64(3 * DOLLAR), signer=account)
    state = chain.subscription(subscription)
    assert (state["charged"], state["owed"], state["balance"]) == (2 * DOLLAR, 0, 2 * DOLLAR)


def test_the_deposit_comes_back_in_the_token(on_dollars: OnDollars) -> None:
    # Given a subscription of which one dollar was used
    chain = on_dollars.chain
    account, subscription = on_dollars.subscriber(IN_DOLLARS)
    chain.settle(7, (subscription, HALF_USED))
    # When its owner leaves, and the provider takes what was charged
    chain.run("subscriptions/request_exit.cdc", uint64(subscription), signer=account)
    chain.run("subscriptions/close_subscription.cdc", uint64(subscription), signer=account)
    assert on_dollars.balance_of(account) == 99 * DOLLAR
    # Then the contract holds only the revenue
    assert chain.script("subscriptions/get_vault.cdc") == {"balance": DOLLAR, "unclaimedRevenue": DOLLAR}


def test_another_token_is_refused_as_a_deposit(on_dollars: OnDollars) -> None:
    # Given an owner who pays in FLOW
    chain = on_dollars.chain
    _, subscription = on_dollars.subscriber(IN_DOLLARS)
    # When the FLOW is sent to the contract of dollars, then nothing is taken
    with pytest.raises(TransactionFailedError):
        chain.flow.run_code(service_account(), PAY_IN_FLOW, uint64(subscription))
    assert chain.subscription(subscription)["balance"] == 20 * DOLLAR


def test_the_backend_reads_the_same_from_the_events(on_dollars: OnDollars) -> None:
    # Given a life with a charge in full, one in part, and a top-up that pays the debt
    chain = on_dollars.chain
    first_height = chain.flow.rest.latest_sealed_block().height + 1
    add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(plan_id=2, is_in_dollars=True))
    account, subscription = on_dollars.subscriber(2, deposit=2 * DOLLAR)
    chain.settle(7, (subscription, HALF_USED))
    chain.settle(8, (subscription, 3 * HALF_USED))
    chain.run("subscriptions/top_up.cdc", uint64(subscription), ufix64(3 * DOLLAR), signer=account)
    # When the events are read
    ledger = FakeLedger()
    token = FlowDepositToken(FlowScripts(chain.flow.rest, chain.flow.addresses))
    log = FlowChainLog(chain.flow.rest, chain.provider.address)
    ReadChainEvents(log, token, ledger, first_height, FakeClock()).run(FakeClock().deadline())
    # Then the ledger has the plan in dollars that needs no rate, and every amount as the contract has it
    known, on_chain = ledger.subscriptions[subscription], chain.subscription(subscription)
    assert (known.tariff.currency, known.tariff.needs_rate) == (Currency.USD, False)
    assert known.due_ufix64(3 * HALF_USED) == known.owed_ufix64 == on_chain["owed"] == 0
    assert known.charged_ufix64 == on_chain["charged"] == 2 * DOLLAR + DOLLAR * 3 // 4
    assert known.balance_ufix64 == on_chain["balance"]
    charges = [entry for entry in ledger.entries if entry.kind == "Settled"]
    assert [(entry.currency, entry.paid_ufix64, entry.rate_ufix64) for entry in charges] == [
        (Currency.USD, DOLLAR, None),
        (Currency.USD, DOLLAR, None),
        (Currency.USD, DOLLAR * 3 // 4, None),
    ]
