"""Contracts that mean harm: they call back while money or a delivery is on its way, or replace code under a deposit."""

from pathlib import Path

import pytest

from flareflow.adapters.flow.json_cdc import Argument, string, ufix64, uint64
from flareflow.adapters.flow.rest import CADENCE, TransactionResult, resolve_imports
from infra.deploy.contracts import announce_statements
from infra.deploy.sending import TransactionFailedError
from infra.local.flow.accounts import LocalAccount
from infra.local.flow.contracts import LocalDeployer
from tests.support.flow_emulator import (
    DELIVER,
    FIRST_ROUND,
    FLOW,
    TARGET,
    Attested,
    Chain,
    words_of,
)

pytestmark = pytest.mark.stack

MILLION = 10**6
ADD = """
    transaction(name: String, code: String) {
        prepare(signer: auth(AddContract) &Account) { signer.contracts.add(name: name, code: code.utf8) }
    }
"""
UPDATE = """
    transaction(name: String, code: String) {
        prepare(signer: auth(UpdateContract) &Account) { signer.contracts.update(name: name, code: code.utf8) }
    }
"""


def add_contract(chain: Chain, account: LocalAccount, name: str, code: str) -> None:
    chain.flow.run_code(account, ADD, string(name), string(resolve_imports(code, chain.flow.addresses)))


GREEDY_WALLET = """
    import "FlowToken"
    import "FungibleToken"
    import "UsageBasedSubscriptions"

    access(all) contract Greedy {
        /// Takes a payment, and in the middle of that asks for the same money again.
        access(all) resource Wallet {
            access(self) let money: @FlowToken.Vault

            access(all) fun take(
                from: auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder,
                subscriptionId: UInt64,
                amount: UFix64,
                again: Int
            ) {
                self.receive(
                    <-from.withdraw(subscriptionId: subscriptionId, amount: amount),
                    from: from,
                    subscriptionId: subscriptionId,
                    again: again
                )
            }

            access(all) fun receive(
                _ payment: @FlowToken.Vault,
                from: auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder,
                subscriptionId: UInt64,
                again: Int
            ) {
                if again > 0 {
                    self.take(from: from, subscriptionId: subscriptionId, amount: payment.balance, again: again - 1)
                }
                self.money.deposit(from: <-payment)
            }

            init() {
                self.money <- FlowToken.createEmptyVault(vaultType: Type<@FlowToken.Vault>())
            }
        }

        access(all) fun createWallet(): @Wallet {
            return <-create Wallet()
        }
    }
"""
TAKE_AGAIN_AND_AGAIN = """
    import "Greedy"
    import "UsageBasedSubscriptions"

    transaction(subscriptionId: UInt64, amount: UFix64, again: Int) {
        prepare(signer: auth(BorrowValue, SaveValue) &Account) {
            signer.storage.save(<-Greedy.createWallet(), to: /storage/greedyWallet)
            signer.storage.borrow<&Greedy.Wallet>(from: /storage/greedyWallet)!.take(
                from: signer.storage.borrow<auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder>(
                    from: UsageBasedSubscriptions.HolderStoragePath
                )!,
                subscriptionId: subscriptionId,
                amount: amount,
                again: again
            )
        }
    }
"""


def asking(amount: int, again: int) -> list[Argument]:
    return [ufix64(amount), Argument("Int", str(again))]


def test_a_receiver_that_withdraws_again_while_it_is_paid_gets_what_it_had_and_no_more(chain: Chain) -> None:
    # Given an owner of 10 FLOW whose notice is over, beside somebody else's deposit
    _, other = chain.subscriber()
    owner, subscription = chain.subscriber()
    add_contract(chain, owner, "Greedy", GREEDY_WALLET)
    chain.run("subscriptions/request_exit.cdc", uint64(subscription), signer=owner)
    code = TAKE_AGAIN_AND_AGAIN.replace('import "Greedy"', f"import Greedy from 0x{owner.address}")
    # When a wallet asks for 5 FLOW again each time it is paid, three times in all
    with pytest.raises(TransactionFailedError, match=f"subscription {subscription} has 0.00000000, not 5.00000000"):
        chain.flow.run_code(owner, code, uint64(subscription), *asking(5 * FLOW, again=2))
    # Then it got nothing at all, and twice is all there is
    assert chain.subscription(subscription)["balance"] == 10 * FLOW
    chain.flow.run_code(owner, code, uint64(subscription), *asking(5 * FLOW, again=1))
    assert chain.subscription(subscription)["balance"] == 0
    assert chain.subscription(other)["balance"] == 10 * FLOW
    assert chain.script("subscriptions/get_vault.cdc") == {"balance": 10 * FLOW, "unclaimedRevenue": 0}


HANDLERS = """
    import "FlareFDCTriggers"
    import "FlareOracleVerifier"

    access(all) contract Handlers {
        access(all) var handled: Int

        /// Delivers the epoch that it is just being handed once more.
        access(all) resource Again: FlareFDCTriggers.Handler {
            access(all) fun handle(delivery: &FlareFDCTriggers.Delivery) {
                Handlers.handled = Handlers.handled + 1
                FlareFDCTriggers.deliver(
                    triggerId: delivery.triggerId,
                    votingRound: ROUND,
                    lowestUsedTimestamp: UInt64.max,
                    epoch: delivery.epoch,
                    words: delivery.wordsFor(&self as &{FlareFDCTriggers.Handler}),
                    proof: [PROOF]
                )
            }
        }

        /// Uses up all that a transaction may use.
        access(all) resource Dear: FlareFDCTriggers.Handler {
            access(all) fun handle(delivery: &FlareFDCTriggers.Delivery) {
                while true {}
            }
        }

        init() {
            self.handled = 0
            self.account.storage.save(<-create Again(), to: /storage/again)
            self.account.storage.save(<-create Dear(), to: /storage/dear)
        }
    }
"""


def told(epoch: int) -> Attested:
    return Attested(epoch, words_of(epoch, b"\1" * 32), FIRST_ROUND + epoch)


def with_handlers(chain: Chain, attested: Attested) -> None:
    """Two triggers beside the usual ones, `again/1` and `dear/1`, with handlers of a contract that means harm."""
    proof = ", ".join(f'"{sibling.hex()}"' for sibling in attested.proof)
    code = HANDLERS.replace("[PROOF]", f"[{proof}]").replace("ROUND", str(attested.round))
    add_contract(chain, chain.provider, "Handlers", code)
    for name in ("again", "dear"):
        announce_statements(LocalDeployer(chain.flow, chain.provider), TARGET, f"{name}/1", name)


def deliver(chain: Chain, attested: Attested, trigger_id: str) -> TransactionResult:
    return chain.run(DELIVER, *attested.confirming(), *attested.delivering(trigger_id=trigger_id))


def test_a_handler_that_delivers_again_while_it_is_handed_a_delivery_is_refused(chain: Chain) -> None:
    attested = told(7)
    with_handlers(chain, attested)
    with pytest.raises(TransactionFailedError, match="FlareFDCTriggers: epoch 7 of again/1 is delivered already"):
        deliver(chain, attested, "again/1")


def test_a_handler_that_costs_everything_holds_up_no_other(chain: Chain) -> None:
    # Given a delivery to the usual handler, before there was another
    before = chain.computation(deliver(chain, told(7), "statement/1"))
    # When there is a handler that uses up every transaction
    attested = told(8)
    with_handlers(chain, attested)
    with pytest.raises(TransactionFailedError, match="Error Code: 1110"):
        deliver(chain, attested, "dear/1")
    # Then the same response still goes to the usual one, at the usual cost
    after = chain.computation(deliver(chain, attested, "statement/1"))
    assert after == pytest.approx(before, rel=0.05)


def test_a_delivery_to_a_handler_that_is_gone_is_refused(chain: Chain) -> None:
    attested = told(7)
    with_handlers(chain, attested)
    remove = """
        import "FlareFDCTriggers"
        transaction {
            prepare(signer: auth(LoadValue) &Account) {
                destroy signer.storage.load<@{FlareFDCTriggers.Handler}>(from: /storage/again)
            }
        }
    """
    chain.flow.run_code(chain.provider, remove)
    with pytest.raises(TransactionFailedError, match="FlareFDCTriggers: the handler of again/1 is gone"):
        deliver(chain, attested, "again/1")


def contract_source(name: str) -> str:
    return Path(CADENCE / "contracts" / f"{name}.cdc").read_text()


def update(chain: Chain, name: str, code: str) -> None:
    chain.flow.run_code(chain.provider, UPDATE, string(name), string(resolve_imports(code, chain.flow.addresses)))


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (
            "access(self) let subscriptions: {UInt64: UFix64} init() { self.subscriptions = {} }",
            r"mismatching field `subscriptions`.*incompatible types. expected `\[Subscription\]`, found `{UInt64: UFix64}`",
        ),
        ("access(self) let newer: UFix64 init() { self.newer = 0.0 }", "found new field `newer`"),
        ("", "missing structure declaration `Subscription`"),
    ],
    ids=["subscriptions of another type", "a new field", "no subscriptions"],
)
def test_an_update_under_which_data_would_be_lost_is_refused(chain: Chain, body: str, refusal: str) -> None:
    # Given a subscription
    _, subscription = chain.subscriber()
    state = chain.subscription(subscription)
    # When the provider updates the contract to one with other data
    with pytest.raises(TransactionFailedError, match=f"(?s){refusal}"):
        update(chain, "UsageBasedSubscriptions", f"access(all) contract UsageBasedSubscriptions {{ {body} }}")
    # Then Flow refuses it and everything is as it was
    assert chain.subscription(subscription) == state


def test_an_update_of_code_alone_keeps_every_deposit(chain: Chain) -> None:
    # Given a subscription that was charged
    _, subscription = chain.subscriber()
    chain.settle(7, (subscription, 5_000 * MILLION))
    state = chain.subscription(subscription)
    # When the code is updated with another message
    source = contract_source("UsageBasedSubscriptions")
    update(chain, "UsageBasedSubscriptions", source.replace("settlement is stopped", "settlement is halted"))
    # Then it goes on from where it was
    assert chain.subscription(subscription) == state
    chain.settle(8, (subscription, 6_000 * MILLION))
    assert chain.subscription(subscription)["settledMicrotokens"] == 6_000 * MILLION


def test_what_one_deployment_confirmed_proves_nothing_to_another(chain: Chain) -> None:
    # Given two light clients with the same voters, of which one has confirmed a round
    twin = chain.deployed_again()
    attested = told(7)
    chain.run("flare/confirm_root.cdc", *attested.confirming())
    # Then the other proves no response of it
    twin.refuses_to_tell(
        f"FlareOracleVerifier.verify: no root is confirmed for round {attested.round}",
        "flare/verify_response.cdc",
        *attested.verifying(),
    )
