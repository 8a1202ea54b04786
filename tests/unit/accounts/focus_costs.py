"""A subscription with settled calls, and its FOCUS table."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from flareflow.accounts.costs import ReadCosts
from flareflow.accounts.focus import Focus
from flareflow.accounts.models import CursorPage
from flareflow.accounts.usage_history import StatedEvent
from flareflow.accounts.usage_queries import Span, UsageState
from flareflow.metering.calls import Tokens
from flareflow.metering.models import Window
from flareflow.metering.usage_events import Entry as UsageEntry
from flareflow.metering.usage_events import RatedRecord
from flareflow.settlement.charging import KnownRate
from flareflow.settlement.entries import Entry
from flareflow.settlement.positions import Position
from flareflow.settlement.pricing import Currency
from flareflow.settlement.subscription import Subscription
from flareflow.time import Epochs
from tests.fakes.accounts import ALICE, FakeClock, FakeLedger
from tests.fakes.metering import rating, row
from tests.fakes.settlement import FakeKnownRates

EPOCHS = Epochs(300)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FIRST = EPOCHS.at(NOON)
RATE = KnownRate(25_000_000, NOON)
"""A quarter of a dollar."""
FOCUS = Focus("FLOW", EPOCHS)
TOKENS = Tokens(prompt=400, completion=600)


@dataclass
class Costs:
    """Charges and calls of subscription 7, which is Alice's; it is its own `UsageHistory`."""

    ledger: FakeLedger = field(default_factory=FakeLedger)
    rates: FakeKnownRates = field(default_factory=lambda: FakeKnownRates(RATE))
    calls: list[StatedEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger.open(7, ALICE, 100_000_000)

    def events(
        self, subscription: Subscription, window: Window, cursor: str | None, limit: int
    ) -> CursorPage[StatedEvent]:
        return CursorPage([one for one in self.calls if window.start <= one.event.started_at <= window.end], None)

    def waiting(self, subscription_id: int) -> Sequence[RatedRecord]:
        return []

    def call(
        self,
        epoch: int,
        model: str = "gpt-4o",
        rated_microtokens: int = 1_000_000_000,
        state: UsageState = UsageState.SETTLED,
    ) -> None:
        """A call of 1,000 tokens in an epoch."""
        one = row(f"{len(self.calls)}", TOKENS, started_at=EPOCHS.start(epoch))
        event = UsageEntry(one.call, *rating(one)).event(7)
        event = replace(event, model=model, rated_microtokens=rated_microtokens)
        self.calls.append(StatedEvent(event, epoch, state))

    def charge(
        self,
        epoch: int,
        microtokens: int,
        paid_ufix64: int,
        currency: Currency = Currency.TOKEN,
        owed_change_ufix64: int = 0,
    ) -> None:
        """A charge by the statement of an epoch, which raises the settled total."""
        self.ledger.entries.append(
            Entry(
                subscription_id=7,
                position=Position(100 + len(self.ledger.entries), 0, 0),
                occurred_at=EPOCHS.end(epoch),
                transaction_id="ab" * 32,
                kind="Settled",
                lines=(),
                currency=currency,
                paid_ufix64=paid_ufix64,
                owed_change_ufix64=owed_change_ufix64,
                epoch=epoch,
                settled_microtokens=microtokens,
            )
        )

    @property
    def reading(self) -> ReadCosts:
        return ReadCosts(self.ledger, self.ledger, self, self.rates, FakeClock(EPOCHS.end(FIRST + 10)))

    def table(self) -> str:
        """The table of the last 30 days."""
        costs = self.reading.run(ALICE, 7, Span(None, None), None).items
        return FOCUS.table(ALICE, 7, costs)
