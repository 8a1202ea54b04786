"""What the contracts may cost, in computation units with mainnet's weights, transaction and all."""

import pytest

from flareflow.adapters.json_cdc import Argument, address, ufix64, uint64
from tests.contracts.cadence.flare import CONFIRM, ROLL, Electorate, confirmation, rolling
from tests.support.flow_emulator import FIRST_ROUND, FLOW, Attested, Chain, settling, words_of

pytestmark = pytest.mark.stack

SETTLE_EACH = 10
HUNDRED = Electorate.of([1_000] * 23 + [1_001] + [300] * 76)
"""24 of 100 voters have just more than half of the weight, as on Flare."""
OPEN_MANY = """
    import "FlowToken"
    import "FungibleToken"
    import "UsageBasedSubscriptions"

    transaction(count: Int) {
        prepare(signer: auth(BorrowValue) &Account) {
            let holder = signer.storage.borrow<auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder>(
                from: UsageBasedSubscriptions.HolderStoragePath
            )!
            let wallet = signer.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(
                from: /storage/flowTokenVault
            )!
            var opened = 0
            while opened < count {
                holder.open(planId: 0, planVersion: 1, deposit: <-(wallet.withdraw(amount: 400.0) as! @FlowToken.Vault))
                opened = opened + 1
            }
        }
    }
"""


@pytest.fixture
def hundred(chain: Chain) -> Chain:
    return chain.deployed_again(HUNDRED.trusted())


def test_confirming_a_root_by_24_signatures_of_100_voters(hundred: Chain) -> None:
    assert hundred.computation(hundred.run(CONFIRM, *confirmation(HUNDRED, range(24)))) <= 400


def test_rolling_a_policy_of_100_voters(hundred: Chain) -> None:
    assert hundred.computation(hundred.run(ROLL, *rolling(HUNDRED, HUNDRED.next(), range(24)))) <= 2_000


def test_delivering_a_statement(chain: Chain) -> None:
    told = Attested(5, words_of(5, b"\1" * 32), FIRST_ROUND + 5)
    chain.run(CONFIRM, *told.confirming())
    delivered = chain.run("flare/deliver_statement.cdc", *told.confirming(), *told.delivering())
    assert chain.computation(delivered) <= 300


@pytest.mark.parametrize("what", ["open_subscription", "top_up", "request_exit", "withdraw"])
def test_what_an_owner_does(chain: Chain, what: str) -> None:
    account, subscription = chain.subscriber(deposit=3 * FLOW)
    arguments = {
        "open_subscription": [uint64(0), uint64(1), ufix64(FLOW)],
        "request_exit": [uint64(subscription)],
    }.get(what, [uint64(subscription), ufix64(FLOW)])
    if what == "withdraw":
        chain.run("subscriptions/request_exit.cdc", uint64(subscription), signer=account)
        chain.wait(1.2)
    assert chain.computation(chain.run(f"subscriptions/{what}.cdc", *arguments, signer=account)) <= 150


def test_settling_a_page_of_200_in_different_tiers(chain: Chain) -> None:
    # Given 200 subscriptions
    account = chain.flow.create_account(100_000 * FLOW)
    chain.open(account)
    for _ in range(4):
        chain.flow.run_code(account, OPEN_MANY, Argument("Int", "50"))
    held = chain.script("subscriptions/get_subscription_ids.cdc", address(account.address))
    assert isinstance(held, list)
    ids = sorted(int(str(subscription)) for subscription in held)[1:201]
    # When all have used something, each quarter of them up to another tier
    entries = [(subscription, 10**9 * [1, 200, 2_000, 12_000][at % 4]) for at, subscription in enumerate(ids)]
    tree = chain.pages(7, entries)
    chain.attest(7, tree.root)
    settled = chain.run("subscriptions/settle_page.cdc", *settling(7, 0, entries, tree.path(0)))
    # Then each has cost at most this
    assert {name for name, _ in chain.events(settled)} == {"Settled"}
    assert chain.computation(settled) / len(ids) <= SETTLE_EACH
