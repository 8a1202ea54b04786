"""Sealing: an epoch that has ended becomes a statement, exactly once, even if an invocation stops halfway.

First the epoch is closed: new usage counts in the next one. Only then is its usage read, because other invocations
may add to it until that moment. The documents are written in an order in which each names only what is there already:
pages, price book, receipt keys, indexes, statement. The first text under a path stays, and a later attempt goes on with
it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flareflow.errors import UNREADABLE, RaceLostError
from flareflow.metering.models import Usage
from flareflow.metering.rating import PriceBooks
from flareflow.metering.receipts import ReceiptKeyRegister
from flareflow.statements.documents import (
    JSON,
    TEXT,
    Document,
    index_path,
    page_path,
    price_book_path,
    receipt_keys_path,
    statement_path,
)
from flareflow.statements.growing import Growth, GrowUsagePages
from flareflow.statements.indexes import PageIndex
from flareflow.statements.models import NO_HASH, PageKind, SettlementPage, Statement
from flareflow.statements.ports import Documents, EpochUsage, OpenEpoch, SettledTotals, Statements
from flareflow.statements.reading import read_index, read_pages, read_totals
from flareflow.statements.settlement_pages import paged, unsettled
from flareflow.time import Epochs


@dataclass(frozen=True, slots=True)
class SealReport:
    """The statement that a tick sealed. `pages` counts its settlement pages, `usage_pages` those that have changed.

    `unreadable`: why settlement pages of the statement before were not read.
    """

    epoch: int
    statement_hash: str
    subscriptions_changed: int
    pages: int
    usage_pages: int
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SealEpoch:
    """Seals the open epoch once it has ended, if something was used in it or can be charged without new usage.

    `contract` is the type identifier of the contract that settles the pages, `A.<address>.<name>`.
    """

    epochs: Epochs
    usage: EpochUsage
    statements: Statements
    documents: Documents
    settled: SettledTotals
    price_books: PriceBooks
    receipt_keys: ReceiptKeyRegister
    contract: str

    def run(self, now: datetime) -> SealReport | None:
        """Finish sealing that an earlier tick began, or seal the open epoch; None when no statement was written."""
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
        """None for an epoch that gets no statement, and for one whose statement an earlier tick has written."""
        deltas, due = self.usage.deltas(closed), self.settled.due(self.epochs.end(closed))
        is_to_be_written = bool(deltas or due) and self.statements.get(closed) is None
        report = self._write(closed, deltas, due) if is_to_be_written else None
        self.usage.sealed(closed)
        return report

    def _write(self, epoch: int, deltas: Mapping[int, Usage], due: Mapping[int, int]) -> SealReport:
        previous = self.statements.before(epoch)
        grow = GrowUsagePages(self.usage, self.documents, self.contract)
        growth = grow.run(epoch, self._hashes(previous, PageKind.USAGE), deltas)
        carried, unreadable = self._carried(previous)
        settlement = self._settlement_index(epoch, {**due, **carried, **growth.totals})
        book = self.price_books.in_force(epoch)
        self._put(price_book_path(book.hash), book.canonical_json, JSON)
        keys_hash = self._put_receipt_keys(epoch)
        usage = self._put_index(PageIndex(self.contract, epoch, PageKind.USAGE, growth.hashes))
        statement = self._statement(epoch, previous, growth, (usage, settlement), (book.hash, keys_hash))
        written = Statement.parse(self._put(statement_path(epoch), statement.body, JSON))
        self.statements.put(written)
        counts = len(deltas), len(settlement.hashes), growth.changed_pages
        return SealReport(epoch, f"0x{written.hash.hex()}", *counts, unreadable)

    def _settlement_index(self, epoch: int, totals: Mapping[int, int]) -> PageIndex:
        """Write the settlement pages of those of these totals that the contract can charge."""
        settled = self.settled.of(totals)
        pages = paged(self.contract, epoch, unsettled(totals, settled, self.epochs.end(epoch)), settled)
        self.documents.put_all([Document(page_path(page.hash), page.text, TEXT) for page in pages])
        hashes = {page.number: page.hash for page in pages}
        return self._put_index(PageIndex(self.contract, epoch, PageKind.SETTLEMENT, hashes))

    def _carried(self, previous: Statement | None) -> tuple[Mapping[int, int], tuple[str, ...]]:
        """The totals on the settlement pages of the statement before; and why those were not read, if they cannot be.

        Then they are the totals of everybody, from the usage pages: whoever has been settled is left out later.
        """
        try:
            hashes = self._hashes(previous, PageKind.SETTLEMENT)
            pages = map(SettlementPage.parse, read_pages(self.documents, list(hashes.values())))
            return dict(entry for page in pages for entry in page.entries), ()
        except UNREADABLE as error:
            usage_pages = list(self._hashes(previous, PageKind.USAGE).values())
            totals = read_totals(self.documents, usage_pages)
            return {one.subscription_id: one.usage.rated_microtokens for one in totals}, (str(error),)

    def _hashes(self, statement: Statement | None, kind: PageKind) -> Mapping[int, bytes]:
        """The hashes of the pages that a statement commits to, by number."""
        return read_index(self.documents, statement, kind).hashes if statement else {}

    def _statement(
        self,
        epoch: int,
        previous: Statement | None,
        growth: Growth,
        indexes: tuple[PageIndex, PageIndex],
        named: tuple[bytes, bytes],
    ) -> Statement:
        (usage, settlement), (book_hash, keys_hash) = indexes, named
        before = (previous.subscription_count, previous.total_rated_microtokens) if previous else (0, 0)
        return Statement(
            epoch=epoch,
            window_start=int(self.epochs.start(epoch).timestamp()),
            window_end=int(self.epochs.end(epoch).timestamp()),
            usage_root=usage.tree.root,
            settlement_root=settlement.tree.root,
            subscription_count=before[0] + growth.new_subscriptions,
            total_rated_microtokens=before[1] + growth.added_microtokens,
            price_book_hash=book_hash,
            receipt_key_hash=keys_hash,
            meter_hash=NO_HASH,
            previous_statement_hash=previous.hash if previous else NO_HASH,
        )

    def _put_receipt_keys(self, epoch: int) -> bytes:
        """Write the keys that sign receipts in this epoch; their hash, or 32 zero bytes if there are none."""
        keys = self.receipt_keys.in_force(epoch)
        if keys is None:
            return NO_HASH
        self._put(receipt_keys_path(keys.hash), keys.canonical_json, JSON)
        return keys.hash

    def _put_index(self, index: PageIndex) -> PageIndex:
        return PageIndex.parse(self._put(index_path(index.epoch, index.kind), index.text, TEXT))

    def _put(self, path: str, text: str, media_type: str) -> str:
        return self.documents.put(Document(path, text, media_type))
