"""The rights of an owner: what each of them allows, what wallets see of them, and what becomes of destroyed ones."""

import re

import pytest

from flareflow.adapters.flow.json_cdc import address, uint64
from infra.deploy.sending import TransactionFailedError
from infra.local.flow.accounts import LocalAccount
from tests.cadence.owners import act, balance_of
from tests.support.flow_emulator import FLOW, SHORT_NOTICES, Chain

pytestmark = pytest.mark.stack

MILLION = 10**6

BURN_HOLDER = """
    import "Burner"
    import "SubscriptionOwnership"
    transaction {
        prepare(owner: auth(LoadValue) &Account) {
            let path = SubscriptionOwnership.HolderStoragePath
            Burner.burn(<-owner.storage.load<@SubscriptionOwnership.Holder>(from: path)!)
        }
    }
"""
DESTROY_HOLDER = BURN_HOLDER.replace('import "Burner"', "").replace("Burner.burn(<-", "destroy (<-")
DESTROY_OWNERSHIP = """
    import "SubscriptionOwnership"
    transaction(subscriptionId: UInt64) {
        prepare(owner: auth(BorrowValue) &Account) {
            let holder = owner.storage.borrow<auth(SubscriptionOwnership.Transfer) &SubscriptionOwnership.Holder>(
                from: SubscriptionOwnership.HolderStoragePath
            )!
            destroy holder.remove(subscriptionId: subscriptionId)
        }
    }
"""


def end_and_pay(chain: Chain, subscription: int) -> None:
    """The provider ends a subscription, and after the notice somebody lets its balance be paid out."""
    chain.run("subscriptions/end_subscription.cdc", uint64(subscription), signer=chain.provider)
    chain.wait(SHORT_NOTICES.exit)
    chain.run("subscriptions/pay_ended.cdc", uint64(subscription))


def is_held(chain: Chain, account: LocalAccount, subscription: int) -> bool:
    code = """
        import "SubscriptionOwnership"
        access(all) fun main(owner: Address, subscriptionId: UInt64): Bool {
            return getAccount(owner).capabilities.borrow<&SubscriptionOwnership.Holder>(
                SubscriptionOwnership.HolderPublicPath
            )!.holds(subscriptionId)
        }
    """
    answer = chain.evaluate(code, address(account.address), uint64(subscription))
    assert isinstance(answer, bool)
    return answer


def test_a_holder_with_an_open_subscription_is_not_burned(chain: Chain) -> None:
    # Given an owner with a deposit
    account, subscription = chain.subscriber()
    # When the holder is burned, then it is refused, and the owner keeps every right
    refusal = re.escape(f"SubscriptionOwnership.Holder: subscription {subscription} is open; close it first")
    with pytest.raises(TransactionFailedError, match=refusal):
        chain.flow.run_code(account, BURN_HOLDER)
    act(chain, account, "request_exit", uint64(subscription))
    # And a subscription on its way out is open too
    with pytest.raises(TransactionFailedError, match=refusal):
        chain.flow.run_code(account, BURN_HOLDER)
    # But an empty holder can go
    act(chain, account, "close_subscription", uint64(subscription))
    assert chain.events(chain.flow.run_code(account, BURN_HOLDER)) == []


def test_a_holder_whose_subscriptions_the_provider_has_ended_and_paid_is_burned(chain: Chain) -> None:
    # Given a subscription that was ended and paid out without its owner
    chain = chain.with_own_clock(notices=SHORT_NOTICES)
    account, subscription = chain.subscriber()
    end_and_pay(chain, subscription)
    # When the owner burns the holder, then the right to the closed subscription goes with it
    events = chain.events(chain.flow.run_code(account, BURN_HOLDER))
    assert events == [("ResourceDestroyed", {"subscriptionId": subscription})]


@pytest.mark.parametrize("code", [DESTROY_OWNERSHIP, DESTROY_HOLDER], ids=["an ownership", "a whole holder"])
def test_the_money_of_a_destroyed_ownership_goes_back_to_its_owner(chain: Chain, code: str) -> None:
    # Given a deposit of 10 FLOW, of which 1 FLOW is charged
    chain = chain.with_own_clock(notices=SHORT_NOTICES)
    chain.wait(SHORT_NOTICES.trigger)
    account, subscription = chain.subscriber()
    chain.settle(7, (subscription, 50_000 * MILLION))
    # When its owner destroys the right to it, which Cadence cannot refuse
    arguments = [uint64(subscription)] if code == DESTROY_OWNERSHIP else []
    events = chain.events(chain.flow.run_code(account, code, *arguments))
    assert events == [("ResourceDestroyed", {"subscriptionId": subscription})]
    # Then the owner has no rights left
    gone = "is not held here" if code == DESTROY_OWNERSHIP else "the signer holds no subscriptions"
    chain.refuses(gone, "subscriptions/request_exit.cdc", uint64(subscription), signer=account)
    # But once the provider has ended the subscription, the balance is paid to the owner's account
    before = balance_of(chain, account)
    end_and_pay(chain, subscription)
    assert balance_of(chain, account) == before + 9 * FLOW


SHOWN = """
    import "MetadataViews"
    import "SubscriptionOwnership"
    import "ViewResolver"
    access(all) fun main(owner: Address, subscriptionId: UInt64): [AnyStruct] {
        let collection = getAccount(owner).capabilities.borrow<&{ViewResolver.ResolverCollection}>(
            SubscriptionOwnership.HolderPublicPath
        )!
        let resolver = collection.borrowViewResolver(id: subscriptionId)
        if resolver == nil {
            return []
        }
        let display = MetadataViews.getDisplay(resolver!)!
        return [
            collection.getIDs(), resolver!.getViews() == [Type<MetadataViews.Display>()],
            display.name, display.description, display.thumbnail.uri(),
            resolver!.resolveView(Type<MetadataViews.Royalties>()) == nil
        ]
    }
"""


def test_wallets_show_a_subscription_with_its_balance(chain: Chain) -> None:
    # Given an owner whose holder is published, with a deposit of 10 FLOW of which 1 FLOW is charged
    account, subscription = chain.subscriber()
    act(chain, account, "publish_holder")
    chain.settle(7, (subscription, 50_000 * MILLION))
    # When a wallet asks for its views
    shown = chain.evaluate(SHOWN, address(account.address), uint64(subscription))
    # Then it gets a display of what is left, and nothing that the contract does not have
    assert isinstance(shown, list)
    ids, only_display, name, description, thumbnail, no_royalties = shown
    assert ids == [subscription]
    assert (only_display, no_royalties) == (True, True)
    assert name == f"Subscription {subscription}"
    assert description == "Prepaid usage; 9.00000000 of the deposit is left."
    assert isinstance(thumbnail, str) and thumbnail.startswith("data:image/svg+xml,%3Csvg ")


def test_wallets_show_nothing_of_a_subscription_that_is_held_elsewhere(chain: Chain) -> None:
    account, subscription = chain.subscriber()
    other, _ = chain.subscriber()
    act(chain, other, "publish_holder")
    assert chain.evaluate(SHOWN, address(other.address), uint64(subscription)) == []
    assert not is_held(chain, other, subscription)
    # And it is seen where it is held
    act(chain, account, "publish_holder")
    assert is_held(chain, account, subscription)


RIGHTS = {
    "Fund": ["topUp(subscriptionId: id, payment: <-vault.withdraw(amount: 1.0))"],
    "Manage": [
        "setSpendCap(subscriptionId: id, limit: 1.0)",
        "setEpochLimit(subscriptionId: id, limit: 1.0)",
        "requestExit(subscriptionId: id)",
        "cancelExit(subscriptionId: id)",
    ],
    "Withdraw": [
        "withdraw(subscriptionId: id, amount: 1.0, receiver: receiver)",
        "close(subscriptionId: id, receiver: receiver)",
    ],
    "Transfer": ["claim(subscriptionId: id)", "add(ownership: <-holder.remove(subscriptionId: id))"],
}
"""What each right allows, in the order in which one owner may do all of it."""


def using(right: str, *calls: str) -> str:
    """A transaction by the owner that borrows the holder with one right only."""
    lines = "; ".join(f"holder.{call}" for call in calls)
    return f"""
        import "FungibleToken"
        import "SubscriptionCustody"
        import "SubscriptionOwnership"
        transaction(id: UInt64) {{
            prepare(owner: auth(BorrowValue) &Account) {{
                let holder = owner.storage.borrow<auth(SubscriptionOwnership.{right}) &SubscriptionOwnership.Holder>(
                    from: SubscriptionOwnership.HolderStoragePath
                )!
                let vault = owner.storage.borrow<auth(FungibleToken.Withdraw) &{{FungibleToken.Vault}}>(
                    from: SubscriptionCustody.tokenStoragePath
                )!
                let receiver: &{{FungibleToken.Receiver}} = vault
                {lines}
            }}
        }}
    """


@pytest.mark.parametrize("right", RIGHTS)
def test_each_right_of_an_owner_allows_what_is_its_own(chain: Chain, right: str) -> None:
    account, subscription = chain.subscriber()
    if right == "Withdraw":
        act(chain, account, "request_exit", uint64(subscription))
    chain.flow.run_code(account, using(right, *RIGHTS[right]), uint64(subscription))


@pytest.mark.parametrize("right", RIGHTS)
def test_no_right_of_an_owner_allows_what_needs_another(chain: Chain, right: str) -> None:
    account, subscription = chain.subscriber()
    others = {call: other for other, calls in RIGHTS.items() if other != right for call in calls}
    for call, other in others.items():
        function = "remove" if call.startswith("add(") else call.split("(", 1)[0]
        refusal = (
            f"cannot access `{function}` because function requires `{other}` authorization, "
            f"but reference only has `{right}` authorization"
        )
        with pytest.raises(TransactionFailedError, match=re.escape(refusal)):
            chain.flow.run_code(account, using(right, call), uint64(subscription))
