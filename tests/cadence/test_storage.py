"""What an owner can do when the account of the contracts has no storage left."""

import pytest

from flareflow.adapters.flow.cadence import resolve_imports
from flareflow.adapters.flow.json_cdc import address, string, ufix64, uint64
from tests.cadence.owners import act
from tests.support.flow_emulator import FLOW, Chain

pytestmark = pytest.mark.stack

FULL = "Error Code: 1103"
BYTES_LEFT = 20
"""An account stores 100 MB for each FLOW: one byte for 1e-8 FLOW."""

DRAIN = """
    import "FlowToken"
    import "FungibleToken"

    access(all) contract Drain {
        /// Sends all FLOW of this account away, but for so much.
        access(all) fun leave(_ rest: UFix64, to: Address) {
            let vault = self.account.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(
                from: /storage/flowTokenVault
            )!
            getAccount(to).capabilities.borrow<&{FungibleToken.Receiver}>(/public/flowTokenReceiver)!
                .deposit(from: <-vault.withdraw(amount: vault.balance - rest))
        }
    }
"""
ADD = """
    transaction(code: String) {
        prepare(signer: auth(AddContract) &Account) { signer.contracts.add(name: "Drain", code: code.utf8) }
    }
"""


def used(chain: Chain) -> int:
    code = "access(all) fun main(account: Address): UInt64 { return getAccount(account).storage.used }"
    answer = chain.evaluate(code, address(f"0x{chain.provider.address}"))
    assert isinstance(answer, int)
    return answer


def fill(chain: Chain) -> None:
    """Leave the account of the contracts so little FLOW that hardly anything fits into its storage."""
    taker = chain.flow.create_account(FLOW)
    code = resolve_imports(DRAIN, chain.flow.addresses)
    chain.flow.run_code(chain.provider, ADD, string(code))
    leave = f"""
        import Drain from 0x{chain.provider.address}
        transaction(rest: UFix64) {{ execute {{ Drain.leave(rest, to: 0x{taker.address}) }} }}
    """
    chain.flow.run_code(taker, leave, ufix64(used(chain) + BYTES_LEFT))


def test_an_owner_leaves_a_full_account_by_adding_storage(chain: Chain) -> None:
    # Given an owner, and contracts on an account whose storage is full
    account, subscription = chain.subscriber()
    fill(chain)
    # Then nothing new fits, not even the request of an exit
    opening = "subscriptions/open_subscription.cdc", uint64(0), uint64(1), ufix64(FLOW)
    chain.refuses(FULL, *opening, signer=account)
    chain.refuses(FULL, "subscriptions/request_exit.cdc", uint64(subscription), signer=account)
    assert chain.subscription(subscription)["status"] == "active"
    # When the owner sends 0.001 FLOW for storage
    chain.run("subscriptions/add_storage.cdc", ufix64(FLOW // 1_000), signer=account)
    # Then the whole exit goes through
    act(chain, account, "request_exit", uint64(subscription))
    act(chain, account, "withdraw", uint64(subscription), ufix64(4 * FLOW))
    act(chain, account, "close_subscription", uint64(subscription))
    state = chain.subscription(subscription)
    assert (state["withdrawn"], state["refunded"]) == (4 * FLOW, 6 * FLOW)
