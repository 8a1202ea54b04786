"""What owners do, in the words of the tests."""

from typing import Any, Final

from flareflow.adapters.flow.json_cdc import Argument, address, ufix64, uint64
from infra.local.flow.accounts import LocalAccount, LocalFlow
from tests.support.flow_emulator import Chain

LET_SAVE: Final = """
    transaction(giver: Address) {
        prepare(taker: auth(IssueAccountCapabilityController, PublishInboxCapability) &Account) {
            let saving = taker.capabilities.account.issue<auth(SaveValue) &Account>()
            taker.inbox.publish(saving, name: "saving", recipient: giver)
        }
    }
"""
MOVE_HOLDER: Final = """
    import "SubscriptionOwnership"
    transaction(taker: Address) {
        prepare(giver: auth(LoadValue, ClaimInboxCapability) &Account) {
            let path = SubscriptionOwnership.HolderStoragePath
            let account = giver.inbox.claim<auth(SaveValue) &Account>("saving", provider: taker)!.borrow()!
            account.storage.save(<-giver.storage.load<@SubscriptionOwnership.Holder>(from: path)!, to: path)
        }
    }
"""


def move_holder(flow: LocalFlow, giver: LocalAccount, taker: LocalAccount) -> None:
    """Move all of an owner's subscriptions at once, with the holder that they are in, into the taker's storage.

    The contracts are not told: they still have the giver as the owner.
    """
    flow.run_code(taker, LET_SAVE, address(giver.address))
    flow.run_code(giver, MOVE_HOLDER, address(taker.address))


def act(chain: Chain, signer: LocalAccount, what: str, *arguments: Argument) -> list[tuple[str, dict[str, Any]]]:
    """The events of one of an owner's transactions, by its name."""
    return list(chain.events(chain.run(f"subscriptions/{what}.cdc", *arguments, signer=signer)))


def optional(amount: int | None) -> Argument:
    return Argument("Optional", None if amount is None else ufix64(amount).as_json())


def leave(chain: Chain, account: LocalAccount, subscription: int) -> None:
    act(chain, account, "request_exit", uint64(subscription))


def balance_of(chain: Chain, account: LocalAccount) -> int:
    code = "access(all) fun main(a: Address): UFix64 { return getAccount(a).balance }"
    answer = chain.evaluate(code, address(account.address))
    assert isinstance(answer, int)
    return answer


def estimate(chain: Chain, subscription: int, total: int) -> object:
    """What a settlement of this total, in micro-tokens, would charge or leave owed."""
    code = """
        import "UsageBasedSubscriptions"
        access(all) fun main(id: UInt64, total: UInt64): UFix64 {
            return UsageBasedSubscriptions.estimate(subscriptionId: id, ratedMicrotokens: total)
        }
    """
    return chain.evaluate(code, uint64(subscription), uint64(total))
