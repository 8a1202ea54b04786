"""What owners pay for what they do, and what the small contract costs."""

from collections.abc import Iterator, Sequence
from itertools import batched
from typing import Final

from flareflow.adapters.flow.json_cdc import Argument, address, ufix64, uint64
from flareflow.adapters.flow.rest import TransactionResult
from flareflow.merkle import fold
from infra.deploy.contracts import SIMPLE_TRIGGER
from infra.local.flow.accounts import LocalAccount
from tests.benchmarks.contracts.costs import Cost, units
from tests.benchmarks.contracts.crowd import AFTER, BEFORE, DEPOSIT, PAGE_NUMBER, PATH, LongPage, totals
from tests.support.flow_emulator import DELIVER, FIRST_ROUND, FLOW, FUNDS, Attested, Chain, page_of, words_of

OWNER_LIMIT: Final = 150
OWNER_LIMIT_AMONG_MANY: Final = 175
"""Subscriptions and ledgers then lie in two trees of four levels, of which an operation reads a branch each."""
PAGE: Final = 200
EPOCH: Final = 7
SIMPLE_OPEN_EACH_TIME: Final = 50
SIMPLE_OPEN_MANY: Final = """
    import "FlowToken"
    import "FungibleToken"
    import "SimpleUsageSubscriptions"

    transaction(count: UInt64, deposit: UFix64) {
        prepare(signer: auth(BorrowValue, SaveValue) &Account) {
            let wallet = signer.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(
                from: /storage/flowTokenVault
            )!
            var opened: UInt64 = 0
            while opened < count {
                let payment <- wallet.withdraw(amount: deposit) as! @FlowToken.Vault
                let pass <- SimpleUsageSubscriptions.open(deposit: <-payment)
                let path = StoragePath(identifier: "pass\\(pass.accountId)")!
                signer.storage.save(<-pass, to: path)
                opened = opened + 1
            }
        }
    }
"""


def owners(chain: Chain) -> Iterator[Cost]:
    """From the first subscription of an account to its end."""
    yield from owners_among(chain)


def owners_among(chain: Chain, name: str = "") -> Iterator[Cost]:
    """The same among the subscriptions that are there already; `name` says which."""
    owner, stranger = (chain.flow.create_account(FUNDS) for _ in range(2))

    def act(what: str, events: str, *arguments: Argument, by: LocalAccount = owner) -> int:
        return units(chain, chain.run(f"subscriptions/{what}.cdc", *arguments, signer=by), *events.split())

    def cost(what: str, operation: str, spent: int) -> Cost:
        return Cost(f"{what}_cu{name}", operation, spent, OWNER_LIMIT_AMONG_MANY if name else OWNER_LIMIT)

    def opening(what: str, operation: str) -> Cost:
        return cost(what, operation, act("open_subscription", "SubscriptionOpened", *terms))

    terms = uint64(0), uint64(1), ufix64(10 * FLOW)
    yield opening("open_first", "open an account's first subscription")
    yield opening("open", "open another")
    (held, _) = _held(chain, owner)
    flow = ufix64(FLOW)
    yield cost("top_up", "top up", act("top_up", "ToppedUp", held, flow))
    yield cost("top_up_by_stranger", "top up another's", act("top_up", "ToppedUp", held, flow, by=stranger))
    yield cost("request_exit", "request the exit", act("request_exit", "ExitRequested", held))
    yield cost("withdraw", "withdraw a part", act("withdraw", "Withdrawn", held, flow))
    yield cost("close", "close, with the rest refunded", act("close_subscription", "Closed ResourceDestroyed", held))


def _held(chain: Chain, owner: LocalAccount) -> list[Argument]:
    """The ids of the subscriptions of an account, oldest first."""
    ids = chain.script("subscriptions/get_subscription_ids.cdc", address(owner.address))
    assert isinstance(ids, list)
    return [uint64(held) for held in sorted(int(str(held)) for held in ids)]


def simple(chain: Chain) -> Iterator[Cost]:
    """A page of the small contract, all of whose accounts used something, as in the epoch before."""
    owner = chain.flow.create_account(PAGE * DEPOSIT + FUNDS)
    for part in batched(range(PAGE), SIMPLE_OPEN_EACH_TIME, strict=False):
        chain.flow.run_code(owner, SIMPLE_OPEN_MANY, uint64(len(part)), ufix64(DEPOSIT))
    _settle_simple(chain, EPOCH, BEFORE)
    settled = units(chain, _settle_simple(chain, EPOCH + 1, AFTER), "Settled")
    yield Cost(
        f"simple_settle_cu_per_account_page_{PAGE}",
        f"settle a page of {PAGE} of `SimpleUsageSubscriptions`, each",
        settled,
        shared_by=PAGE,
    )


def _settle_simple(chain: Chain, epoch: int, of: Sequence[int]) -> TransactionResult:
    entries = totals(range(1, PAGE + 1), of)
    page = LongPage(f"A.{chain.provider.address}.SimpleUsageSubscriptions", epoch, PAGE_NUMBER, tuple(entries))
    told = Attested(epoch, words_of(epoch, fold(page.hash, PATH)), FIRST_ROUND + epoch)
    chain.run(DELIVER, *told.confirming(), *told.delivering(trigger_id=SIMPLE_TRIGGER))
    anyone = chain.flow.create_account(FUNDS)
    return chain.run("simple/settle_page.cdc", *page_of(PAGE_NUMBER, entries, PATH), signer=anyone)
