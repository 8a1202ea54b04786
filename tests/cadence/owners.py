"""What owners do, in the words of the tests."""

from typing import Any

from flareflow.adapters.flow.json_cdc import Argument, address, ufix64, uint64
from infra.local.flow.accounts import LocalAccount
from tests.support.flow_emulator import Chain


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
