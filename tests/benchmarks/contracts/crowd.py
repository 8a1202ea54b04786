"""Many subscriptions at once, and pages for them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Final

from flareflow.adapters.flow.json_cdc import array, ufix64, uint64
from flareflow.adapters.flow.rest import TransactionResult
from flareflow.keccak import keccak256
from flareflow.merkle import fold
from flareflow.statements.models import SettlementPage
from infra.local.flow.accounts import LocalAccount
from tests.support.flow_emulator import FLOW, FUNDS, SETTLE, Chain, settling

OPEN_EACH_TIME: Final = 100
CAP_EACH_TIME: Final = 100
SETTLE_EACH_TIME: Final = 100
DEPOSIT: Final = 400 * FLOW
CAP: Final = 390 * FLOW
PAGE_NUMBER: Final = 250
PATH: Final = tuple(keccak256(f"sibling {level}".encode()) for level in range(9))
"""A page's way to the root among 500 pages of 200: the settlement tree of 100,000 subscriptions."""

BEFORE: Final = (1_234_567_891, 234_567_891_234, 2_345_678_912_345, 12_345_678_912_345)
"""Cumulative micro-tokens, one in each tier of the default plan."""
AFTER: Final = tuple(total + 7_654_321_987 for total in BEFORE)
"""The same one epoch later."""

OPEN_MANY: Final = """
    import "FlowToken"
    import "FungibleToken"
    import "SubscriptionOwnership"
    import "SubscriptionPlans"

    transaction(count: UInt64, plans: UInt64, deposit: UFix64) {
        prepare(signer: auth(BorrowValue, SaveValue) &Account) {
            let path = SubscriptionOwnership.HolderStoragePath
            if signer.storage.type(at: path) == nil {
                signer.storage.save(<-SubscriptionOwnership.createHolder(), to: path)
            }
            let holder = signer.storage.borrow<auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder>(
                from: path
            )!
            let wallet = signer.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(
                from: /storage/flowTokenVault
            )!
            var opened: UInt64 = 0
            while opened < count {
                SubscriptionPlans.open(
                    holder: holder,
                    planId: opened % plans,
                    planVersion: 1,
                    deposit: <-wallet.withdraw(amount: deposit)
                )
                opened = opened + 1
            }
        }
    }
"""
CAP_MANY: Final = """
    import "SubscriptionOwnership"

    transaction(ids: [UInt64], limit: UFix64) {
        prepare(signer: auth(BorrowValue) &Account) {
            let holder = signer.storage.borrow<auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder>(
                from: SubscriptionOwnership.HolderStoragePath
            )!
            for subscriptionId in ids {
                holder.setSpendCap(subscriptionId: subscriptionId, limit: limit)
            }
        }
    }
"""


@dataclass(frozen=True, slots=True)
class LongPage(SettlementPage):
    """A page of any length."""

    def __post_init__(self) -> None:
        """What a statement's page must be is not asked."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """The subscriptions 1 to `size`, all of one owner, and somebody who pays for settling them."""

    chain: Chain
    size: int
    owner: LocalAccount
    anyone: LocalAccount

    @property
    def ids(self) -> range:
        return range(1, self.size + 1)

    def spread(self, count: int) -> Sequence[int]:
        """So many ids, evenly spread over all."""
        return self.ids[:: self.size // count][:count]

    def adjacent(self, count: int) -> Sequence[int]:
        """So many ids, one after the other, in the middle of all."""
        first = (self.size - count) // 2
        return self.ids[first : first + count]

    def settle(self, epoch: int, entries: Sequence[tuple[int, int]], how: str = SETTLE) -> TransactionResult:
        """Attest a page of (id, total) among 500 pages and settle it by this transaction."""
        page = LongPage(self.chain.contract, epoch, PAGE_NUMBER, tuple(entries))
        self.chain.attest(epoch, fold(page.hash, PATH))
        return self.chain.run(how, *settling(epoch, PAGE_NUMBER, entries, PATH), signer=self.anyone)

    def settle_before(self, ids: Sequence[int]) -> None:
        """Settle the first totals of all, so that a later page finds what it finds every five minutes."""
        for epoch, part in enumerate(batched(ids, SETTLE_EACH_TIME, strict=False), 1):
            self.settle(epoch, totals(part, BEFORE))

    def cap_all(self) -> None:
        """Give every subscription a spend cap that lets everything be charged."""
        for part in batched(self.ids, CAP_EACH_TIME, strict=False):
            self.chain.flow.run_code(self.owner, CAP_MANY, array(uint64, part), ufix64(CAP))


def totals(ids: Iterable[int], of: Sequence[int]) -> list[tuple[int, int]]:
    """(id, total), the totals in turns; no two are alike."""
    return [(subscription, of[at % len(of)] + at) for at, subscription in enumerate(ids)]


def open_crowd(
    chain: Chain,
    size: int,
    deposit: int = DEPOSIT,
    plans: int = 1,
    tell: Callable[[int], object] = lambda opened: None,
) -> Crowd:
    """Open subscriptions, on so many plans in turns; `tell` is told how many there are."""
    owner = chain.flow.create_account(size * deposit + FUNDS)
    for part in batched(range(size), OPEN_EACH_TIME, strict=False):
        chain.flow.run_code(owner, OPEN_MANY, *map(uint64, (len(part), plans)), ufix64(deposit))
        tell(part[-1] + 1)
    return Crowd(chain, size, owner, chain.flow.create_account(FUNDS))
