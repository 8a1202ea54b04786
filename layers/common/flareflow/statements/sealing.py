"""Sealing: an epoch that has ended becomes a statement, exactly once, even if an invocation stops halfway.

First the epoch is closed: new usage counts in the next one. Only then is its usage read, because other invocations
may add to it until that moment. Documents are stored under the root that commits to them, so what an interrupted
attempt has written does not disturb the next attempt.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from flareflow.errors import BrokenRuleError, RaceLostError
from flareflow.metering.models import Usage
from flareflow.metering.rating import PriceBooks
from flareflow.statements.merkle import PageTree, usage_tree
from flareflow.statements.models import (
    NO_HASH,
    PAGE_SUBSCRIPTIONS_MAX,
    Leaf,
    SettlementPage,
    Statement,
    StoredStatement,
)
from flareflow.statements.ports import Documents, EpochUsage, OpenEpoch, SettledTotals, Statements
from flareflow.time import Epochs


@dataclass(frozen=True, slots=True)
class SealReport:
    """The statement that a tick sealed."""

    epoch: int
    statement_hash: str
    subscriptions_changed: int
    pages: int


@dataclass(frozen=True, slots=True)
class SealEpoch:
    """Seals the open epoch once it has ended, if something was used in it.

    `contract` is the type identifier of the contract that settles the pages, `A.<address>.<name>`.
    """

    epochs: Epochs
    usage: EpochUsage
    statements: Statements
    documents: Documents
    settled: SettledTotals
    price_books: PriceBooks
    contract: str

    def run(self, now: datetime) -> SealReport | None:
        """Finish sealing that an earlier tick began, or seal the open epoch; None when there is nothing to seal."""
        open_epoch = self.usage.open_epoch()
        if open_epoch is None:
            return None
        closed = open_epoch.sealing if open_epoch.sealing is not None else self._close(open_epoch, now)
        return None if closed is None else self._seal(closed)

    def _close(self, open_epoch: OpenEpoch, now: datetime) -> int | None:
        if now < self.epochs.end(open_epoch.epoch):
            return None
        try:
            self.usage.close(open_epoch.epoch, self.epochs.at(now))
        except RaceLostError:
            return None
        return open_epoch.epoch

    def _seal(self, closed: int) -> SealReport | None:
        """None for an epoch without usage, which gets no statement."""
        deltas = self.usage.deltas(closed)
        if not deltas:
            self.usage.sealed(closed)
            return None
        sealed = self.statements.get(closed) or self._write(closed, deltas)
        self.usage.sealed(closed)
        return SealReport(closed, f"0x{sealed.statement.hash.hex()}", len(deltas), sealed.page_count)

    def _write(self, epoch: int, deltas: Mapping[int, Usage]) -> StoredStatement:
        """Store the documents before the statement, so that whoever reads a statement finds its documents."""
        previous = self.statements.before(epoch)
        before = self.documents.leaves(previous.statement.epoch, previous.statement.usage_root) if previous else ()
        leaves = added(before, deltas, epoch)
        settled = self.settled.all()
        unsettled = [leaf for leaf in leaves if is_unsettled(leaf, settled)]
        pages = paged(self.contract, epoch, unsettled, self.settled.needing_rate())
        statement = self._statement(epoch, previous, leaves, pages)
        check_total(statement, previous, deltas)
        self.documents.put_leaves(epoch, statement.usage_root, leaves)
        for page in pages:
            self.documents.put_page(statement.settlement_root, page)
        sealed = StoredStatement(statement, len(pages))
        self.statements.put(sealed)
        return sealed

    def _statement(
        self, epoch: int, previous: StoredStatement | None, leaves: Sequence[Leaf], pages: Sequence[SettlementPage]
    ) -> Statement:
        return Statement(
            epoch=epoch,
            window_start=int(self.epochs.start(epoch).timestamp()),
            window_end=int(self.epochs.end(epoch).timestamp()),
            usage_root=usage_tree(leaves).root,
            settlement_root=PageTree.over(pages).root,
            subscription_count=len(leaves),
            total_rated_microtokens=sum(leaf.usage.rated_microtokens for leaf in leaves),
            price_book_hash=self.price_books.in_force(epoch).hash,
            receipt_key_hash=NO_HASH,
            meter_hash=NO_HASH,
            previous_statement_hash=previous.statement.hash if previous else NO_HASH,
        )


def added(before: Iterable[Leaf], deltas: Mapping[int, Usage], epoch: int) -> tuple[Leaf, ...]:
    """All leaves after the epoch, by rising subscription id."""
    leaves = {leaf.subscription_id: leaf for leaf in before}
    for subscription_id, delta in deltas.items():
        leaf = leaves.get(subscription_id, Leaf(subscription_id, epoch_of_last_change=-1, usage=Usage()))
        leaves[subscription_id] = leaf.plus(delta, epoch)
    return tuple(leaves[subscription_id] for subscription_id in sorted(leaves))


def check_total(statement: Statement, previous: StoredStatement | None, deltas: Mapping[int, Usage]) -> None:
    """Raises BrokenRuleError unless the leaves' total is the previous total plus what the epoch added."""
    before = previous.statement.total_rated_microtokens if previous else 0
    expected = before + sum(delta.rated_microtokens for delta in deltas.values())
    if statement.total_rated_microtokens != expected:
        raise BrokenRuleError(
            f"the leaves of epoch {statement.epoch} add up to {statement.total_rated_microtokens}, not {expected}"
        )


def is_unsettled(leaf: Leaf, settled: Mapping[int, int]) -> bool:
    """True when the leaf's total is above what the contract has settled."""
    return leaf.usage.rated_microtokens > settled.get(leaf.subscription_id, 0)


def paged(
    contract: str, epoch: int, leaves: Iterable[Leaf], needing_rate: Set[int] = frozenset()
) -> tuple[SettlementPage, ...]:
    """The settlement pages of leaves that are given by rising id.

    Subscriptions whose charge needs a rate come last, on pages of their own: while there is no rate, only they wait.
    """
    entries = [(leaf.subscription_id, leaf.usage.rated_microtokens) for leaf in leaves]
    without_rate = [entry for entry in entries if entry[0] not in needing_rate]
    with_rate = [entry for entry in entries if entry[0] in needing_rate]
    chunks = [chunk for group in (without_rate, with_rate) for chunk in _chunks(group)]
    return tuple(SettlementPage(contract, epoch, number, chunk) for number, chunk in enumerate(chunks))


def _chunks(entries: Sequence[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], ...]]:
    return batched(entries, PAGE_SUBSCRIPTIONS_MAX, strict=False)
