"""The sealing of epochs on fakes, and what must hold after each tick."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from flareflow.metering.models import Usage
from flareflow.statements.merkle import PageTree, usage_tree
from flareflow.statements.models import Leaf, SettlementPage, StoredStatement
from flareflow.statements.ports import OpenEpoch
from flareflow.statements.sealing import SealEpoch, SealReport
from flareflow.time import Epochs
from tests.fakes.metering import FakePriceBooks
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

    def seal(self) -> StoredStatement:
        """End the epoch and give its statement."""
        self.next_epoch()
        report = self.tick()
        assert report is not None
        return self.statements.kept[report.epoch]

    def leaves(self, sealed: StoredStatement) -> list[Leaf]:
        return list(self.documents.leaves(sealed.statement.epoch, sealed.statement.usage_root))

    def pages(self, sealed: StoredStatement) -> list[SettlementPage]:
        epoch, root = sealed.statement.epoch, sealed.statement.settlement_root
        return [self.documents.page(epoch, root, number) for number in range(sealed.page_count)]

    def check(self) -> None:
        """The invariants of the package, for every statement that can be read."""
        chain = [self.statements.kept[epoch] for epoch in sorted(self.statements.kept)]
        for sealed in chain:
            leaves, statement = self.leaves(sealed), sealed.statement
            assert usage_tree(leaves).root == statement.usage_root
            assert PageTree.over(self.pages(sealed)).root == statement.settlement_root
            assert sum(leaf.usage.rated_microtokens for leaf in leaves) == statement.total_rated_microtokens
            assert len(leaves) == statement.subscription_count
        for earlier, later in pairwise(chain):
            assert later.statement.previous_statement_hash == earlier.statement.hash
            totals = {leaf.subscription_id: leaf.usage.rated_microtokens for leaf in self.leaves(later)}
            assert all(totals[leaf.subscription_id] >= leaf.usage.rated_microtokens for leaf in self.leaves(earlier))
