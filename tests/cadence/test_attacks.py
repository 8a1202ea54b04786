"""Contracts that mean harm: they call back while money or a delivery is on its way, or replace code under a deposit."""

from pathlib import Path

import pytest

from flareflow.adapters.flow.cadence import CADENCE, resolve_imports
from flareflow.adapters.flow.json_cdc import Argument, string, ufix64, uint64
from flareflow.adapters.flow.rest import TransactionResult
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


GREEDY_RECEIVER = """
    import "FlowToken"
    import "FungibleToken"
    import "SubscriptionOwnership"

    access(all) contract Greedy {
        /// A receiver that withdraws again while it is being paid: this is code of ours that runs when money moves.
        access(all) resource Wallet: FungibleToken.Receiver {
            access(self) let money: @FlowToken.Vault
            access(self) var again: Int
            access(self) let rights: Capability<auth(SubscriptionOwnership.Withdraw) &SubscriptionOwnership.Holder>
            access(self) let subscriptionId: UInt64
            access(self) let closes: Bool

            access(all) fun deposit(from: @{FungibleToken.Vault}) {
                let amount = from.balance
                self.money.deposit(from: <-from)
                if self.again > 0 {
                    self.again = self.again - 1
                    let holder = self.rights.borrow()!
                    if self.closes {
                        holder.close(subscriptionId: self.subscriptionId, receiver: &self as &{FungibleToken.Receiver})
                    } else {
                        holder.withdraw(
                            subscriptionId: self.subscriptionId,
                            amount: amount,
                            receiver: &self as &{FungibleToken.Receiver}
                        )
                    }
                }
            }

            access(all) view fun getSupportedVaultTypes(): {Type: Bool} { return {Type<@FlowToken.Vault>(): true} }
            access(all) view fun isSupportedVaultType(type: Type): Bool { return true }

            init(
                rights: Capability<auth(SubscriptionOwnership.Withdraw) &SubscriptionOwnership.Holder>,
                subscriptionId: UInt64,
                again: Int,
                closes: Bool
            ) {
                self.money <- FlowToken.createEmptyVault(vaultType: Type<@FlowToken.Vault>())
                self.rights = rights
                self.subscriptionId = subscriptionId
                self.again = again
                self.closes = closes
            }
        }

        access(all) fun createWallet(
            rights: Capability<auth(SubscriptionOwnership.Withdraw) &SubscriptionOwnership.Holder>,
            subscriptionId: UInt64,
            again: Int,
            closes: Bool
        ): @Wallet {
            return <-create Wallet(rights: rights, subscriptionId: subscriptionId, again: again, closes: closes)
        }
    }
"""
TAKE_AGAIN_AND_AGAIN = """
    import "FungibleToken"
    import "Greedy"
    import "SubscriptionOwnership"

    transaction(subscriptionId: UInt64, amount: UFix64, again: Int, closes: Bool) {
        prepare(signer: auth(BorrowValue, SaveValue, IssueStorageCapabilityController) &Account) {
            let path = SubscriptionOwnership.HolderStoragePath
            let rights = signer.capabilities.storage.issue<
                auth(SubscriptionOwnership.Withdraw) &SubscriptionOwnership.Holder
            >(path)
            let wallet <- Greedy.createWallet(
                rights: rights, subscriptionId: subscriptionId, again: again, closes: closes
            )
            signer.storage.save(<-wallet, to: /storage/greedyWallet)
            rights.borrow()!.withdraw(
                subscriptionId: subscriptionId,
                amount: amount,
                receiver: signer.storage.borrow<&{FungibleToken.Receiver}>(from: /storage/greedyWallet)!
            )
        }
    }
"""


def asking(amount: int, again: int, *, closes: bool = False) -> list[Argument]:
    return [ufix64(amount), Argument("Int", str(again)), Argument("Bool", closes)]


def test_a_receiver_that_withdraws_again_while_it_is_paid_gets_what_it_had_and_no_more(chain: Chain) -> None:
    # Given an owner of 10 FLOW whose notice is over, beside somebody else's deposit
    _, other = chain.subscriber()
    owner, subscription = chain.subscriber()
    add_contract(chain, owner, "Greedy", GREEDY_RECEIVER)
    chain.run("subscriptions/request_exit.cdc", uint64(subscription), signer=owner)
    code = TAKE_AGAIN_AND_AGAIN.replace('import "Greedy"', f"import Greedy from 0x{owner.address}")
    # When its receiver asks for 5 FLOW again each time it is paid, three times in all
    with pytest.raises(TransactionFailedError, match=f"subscription {subscription} has 0.00000000, not 5.00000000"):
        chain.flow.run_code(owner, code, uint64(subscription), *asking(5 * FLOW, again=2))
    # Then it got nothing at all, and twice is all there is
    assert chain.subscription(subscription)["balance"] == 10 * FLOW
    chain.flow.run_code(owner, code, uint64(subscription), *asking(5 * FLOW, again=1))
    assert chain.subscription(subscription)["balance"] == 0
    assert chain.subscription(other)["balance"] == 10 * FLOW
    assert chain.script("subscriptions/get_vault.cdc") == {"balance": 10 * FLOW, "unclaimedRevenue": 0}


def test_a_receiver_that_closes_while_it_is_paid_gets_the_rest_once(chain: Chain) -> None:
    # Given an owner of 10 FLOW whose notice is over, beside somebody else's deposit
    _, other = chain.subscriber()
    owner, subscription = chain.subscriber()
    add_contract(chain, owner, "Greedy", GREEDY_RECEIVER)
    chain.run("subscriptions/request_exit.cdc", uint64(subscription), signer=owner)
    code = TAKE_AGAIN_AND_AGAIN.replace('import "Greedy"', f"import Greedy from 0x{owner.address}")
    # When its receiver closes the subscription while it is paid a part
    chain.flow.run_code(owner, code, uint64(subscription), *asking(4 * FLOW, again=1, closes=True))
    # Then it has the deposit once, and the rest of the vault is the other's
    state = chain.subscription(subscription)
    assert (state["withdrawn"], state["refunded"], state["status"]) == (4 * FLOW, 6 * FLOW, "closed")
    assert chain.script("subscriptions/get_vault.cdc") == {"balance": 10 * FLOW, "unclaimedRevenue": 0}
    assert chain.subscription(other)["balance"] == 10 * FLOW


HANDLERS = """
    import "FlareFDCTriggers"
    import "FlareOracleVerifier"

    access(all) contract Handlers {
        access(all) var handled: Int

        /// Delivers the epoch that it is just being handed once more.
        access(all) resource Again: FlareFDCTriggers.Handler {
            access(FlareFDCTriggers.Notify) fun announced(triggerId: String, effectiveAt: UFix64) {}
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
            access(FlareFDCTriggers.Notify) fun announced(triggerId: String, effectiveAt: UFix64) {}
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
    ("name", "body", "refusal"),
    [
        (
            "SubscriptionCustody",
            "access(self) let subscriptions: {UInt64: UFix64} init() { self.subscriptions = {} }",
            r"mismatching field `subscriptions`.*incompatible types",
        ),
        (
            "SubscriptionCustody",
            "access(self) let newer: UFix64 init() { self.newer = 0.0 }",
            "found new field `newer`",
        ),
        ("SubscriptionAccounts", "", "missing structure declaration `Subscription`"),
    ],
    ids=["subscriptions of another type", "a new field", "no subscriptions"],
)
def test_an_update_under_which_data_would_be_lost_is_refused(chain: Chain, name: str, body: str, refusal: str) -> None:
    # Given a subscription
    _, subscription = chain.subscriber()
    state = chain.subscription(subscription)
    # When the provider updates the contract to one with other data
    with pytest.raises(TransactionFailedError, match=f"(?s){refusal}"):
        update(chain, name, f"access(all) contract {name} {{ {body} }}")
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


REMOVE = """
    transaction(name: String) {
        prepare(signer: auth(RemoveContract) &Account) { signer.contracts.remove(name: name) }
    }
"""


def test_owners_leave_when_the_oracles_code_does_not_load(chain: Chain) -> None:
    # Given a subscription that was charged
    owner, subscription = chain.subscriber()
    page = chain.attested_page(7, (subscription, 50_000 * MILLION))
    chain.run("subscriptions/settle_page.cdc", *page)
    # When the light client is gone, so that nothing that imports it loads
    chain.flow.run_code(chain.provider, REMOVE, string("FlareOracleVerifier"))
    with pytest.raises(TransactionFailedError, match=r"cannot find declaration `FlareOracleVerifier`|could not import"):
        chain.run("subscriptions/settle_page.cdc", *page)
    # Then the owner still takes a part and then the rest
    chain.run("subscriptions/request_exit.cdc", uint64(subscription), signer=owner)
    chain.run("subscriptions/withdraw.cdc", uint64(subscription), ufix64(FLOW), signer=owner)
    events = chain.events(chain.run("subscriptions/close_subscription.cdc", uint64(subscription), signer=owner))
    assert events[-1][1]["refunded"] == 8 * FLOW
