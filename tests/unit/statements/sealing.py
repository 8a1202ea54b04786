"""The sealing of epochs on fakes, and what must hold after each tick."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from flareflow.metering.models import Usage
from flareflow.statements.documents import statement_path
from flareflow.statements.models import PageKind, SettlementPage, Statement
from flareflow.statements.ports import OpenEpoch
from flareflow.statements.reading import read_index, read_pages
from flareflow.statements.sealing import SealEpoch, SealReport
from flareflow.statements.usage_pages import Totals, UsagePage
from flareflow.time import Epochs
from tests.fakes.metering import FakePriceBooks, FakeReceiptKeys
from tests.fakes.settlement import FakeSettledTotals
from tests.fakes.statements import CrashError, FakeDocuments, FakeEpochUsage, FakeStatements, Faults

EPOCHS = Epochs(seconds=300)
CONTRACT = "A.f8d6e0586b0a20c7.UsageBasedSubscriptions"


def tokens(count: int) -> Usage:
    """One call of a standard model."""
    return Usage(prompt_tokens=count, requests=1, rated_microtokens=count * 1_000_000, cost_nanousd=7)


@dataclass
class Sealing:
    """The use case on fakes, and a clock that moves an epoch with each `next_epoch`."""

    epoch: int = 1_000
    faults: Faults = field(default_factory=Faults)
    settled: FakeSettledTotals = field(default_factory=FakeSettledTotals)
    metered: dict[int, int] = field(default_factory=dict)
    receipt_keys: FakeReceiptKeys = field(default_factory=FakeReceiptKeys)

    def __post_init__(self) -> None:
        self.usage = FakeEpochUsage(self.faults, OpenEpoch(self.epoch, sealing=None))
        self.statements = FakeStatements(self.faults)
        self.documents = FakeDocuments(self.faults)

    @property
    def now(self) -> datetime:
        return EPOCHS.start(self.epoch) + timedelta(seconds=1)

    def count(self, subscription_id: int, token_count: int) -> None:
        """A poll counts a call under whatever epoch is open."""
        usage = tokens(token_count)
        self.usage.count(subscription_id, usage)
        self.metered[subscription_id] = self.metered.get(subscription_id, 0) + usage.rated_microtokens

    def next_epoch(self) -> None:
        self.epoch += 1

    def tick(self) -> SealReport | None:
        seal_epoch = SealEpoch(
            epochs=EPOCHS,
            usage=self.usage,
            statements=self.statements,
            documents=self.documents,
            settled=self.settled,
            price_books=FakePriceBooks(),
            receipt_keys=self.receipt_keys,
            contract=CONTRACT,
        )
        return seal_epoch.run(self.now)

    def tick_that_crashes(self, after_steps: int) -> bool:
        """Whether the tick ended at the step, or before it came to it."""
        self.faults.crash_at = self.faults.steps + after_steps
        try:
            self.tick()
        except CrashError:
            return True
        finally:
            self.faults.crash_at = None
        return False

    def seal(self) -> Statement:
        """End the epoch and give its statement."""
        self.next_epoch()
        report = self.tick()
        assert report is not None
        return self.statements.kept[report.epoch]

    def usage_pages(self, statement: Statement) -> list[UsagePage]:
        index = read_index(self.documents, statement, PageKind.USAGE)
        return [UsagePage.parse(text) for text in read_pages(self.documents, list(index.hashes.values()))]

    def totals(self, statement: Statement) -> dict[int, Totals]:
        return {one: totals for page in self.usage_pages(statement) for one, totals in page.totals.items()}

    def pages(self, statement: Statement) -> list[SettlementPage]:
        index = read_index(self.documents, statement, PageKind.SETTLEMENT)
        return [SettlementPage.parse(text) for text in read_pages(self.documents, list(index.hashes.values()))]

    def check(self) -> None:
        """The invariants of the package, for every statement that can be read."""
        chain = [self.statements.kept[epoch] for epoch in sorted(self.statements.kept)]
        for statement in chain:
            assert self.documents.kept[statement_path(statement.epoch)].text == statement.body
            totals = self.totals(statement)
            self.pages(statement)
            assert sum(one.usage.rated_microtokens for one in totals.values()) == statement.total_rated_microtokens
            assert len(totals) == statement.subscription_count
        for earlier, later in pairwise(chain):
            assert later.previous_statement_hash == earlier.hash
            after = self.totals(later)
            for one, before in self.totals(earlier).items():
                assert after[one] == before or after[one].epoch > before.epoch
                assert after[one].usage.rated_microtokens >= before.usage.rated_microtokens
