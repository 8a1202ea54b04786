"""What is kept at each tick for everybody to see, and what is told of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from flareflow.attestation.models import Attestation, State
from flareflow.settlement import statistics
from flareflow.settlement.health import Health, System
from flareflow.settlement.positions import Position
from flareflow.settlement.pricing import Currency, Tariff
from flareflow.settlement.statistics import Books, KeepStatistics, ReadStatistics
from flareflow.settlement.subscription import Subscription
from flareflow.time import Deadline
from tests.fakes.attestation import FakeAttestations
from tests.fakes.metering import EVEN_BOOK, FakePriceBooks
from tests.fakes.settlement import FakeStatistics, FakeSubscriptionsInOrder
from tests.unit.settlement.test_status import NOW, Known

DAY = timedelta(days=1)
FLOW = Subscription(1, "0x01", 1, 1, Position(1, 0, 0), balance_ufix64=70, deposited_ufix64=100, charged_ufix64=30)
OWING = replace(FLOW, subscription_id=2, owed_ufix64=5)
IN_DOLLARS = replace(OWING, subscription_id=3, tariff=Tariff(currency=Currency.USD, needs_rate=True))


@dataclass
class Whole:
    """Three subscriptions, and what is kept of them."""

    known: Known = field(default_factory=Known)
    kept: FakeStatistics = field(default_factory=FakeStatistics)
    subscriptions: FakeSubscriptionsInOrder = field(
        default_factory=lambda: FakeSubscriptionsInOrder([FLOW, OWING, IN_DOLLARS])
    )
    attested: dict[int, Attestation] = field(default_factory=dict)

    def tick(self, now: datetime = NOW, *, has_time: bool = True) -> None:
        deadline = Deadline(now + (timedelta(minutes=4) if has_time else timedelta(0)), lambda: now)
        KeepStatistics(self.known.reading, self.subscriptions, self.known.sealing.statements, self.kept).run(
            now, deadline
        )

    @property
    def reading(self) -> ReadStatistics:
        return ReadStatistics(
            status=self.known.reading,
            statements=self.known.sealing.statements,
            attestations=FakeAttestations(self.attested),
            price_books=FakePriceBooks({0: EVEN_BOOK}),
            kept=self.kept,
            clock=lambda: NOW,
        )


def test_the_books_are_the_sums_of_all_subscriptions_with_debts_by_currency() -> None:
    whole = Whole()
    assert whole.reading.run().books is None
    # When a tick adds them up
    whole.tick()
    # Then they are told, as of that tick
    told = whole.reading.run()
    assert told.books == Books(
        subscriptions=3,
        deposited_ufix64=300,
        charged_ufix64=90,
        balance_ufix64=210,
        owed_ufix64=5,
        owed_dollars_ufix64=5,
    )
    assert told.books_as_of == NOW


def test_a_tick_without_time_is_gone_on_with_by_the_next_and_the_last_sums_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Given whole sums, a further subscription, and ticks that have time for one page of one subscription
    monkeypatch.setattr(statistics, "PAGE", 1)
    whole = Whole()
    whole.tick()
    whole.subscriptions.subscriptions.append(replace(FLOW, subscription_id=9))
    # When they come, Then the last whole sums are told until the last subscription is added
    for number in range(1, 5):
        whole.tick(NOW + number * DAY, has_time=False)
        told = whole.reading.run()
        assert (told.books and told.books.subscriptions, told.books_as_of) == (3, NOW)
    whole.tick(NOW + 5 * DAY, has_time=False)
    told = whole.reading.run()
    assert (told.books and told.books.subscriptions, told.books_as_of) == (4, NOW + DAY)


def test_statements_are_counted_once() -> None:
    whole = Whole()
    for total in (1, 2):
        whole.known.sealing.count(1, total)
        whole.known.sealing.seal()
        whole.tick()
        whole.tick()
    assert whole.reading.run().statements == 2


def test_what_is_attested_is_the_newest_statement_that_is_proven() -> None:
    # Given two statements, of which the first is proven
    whole = Whole()
    for total in (1, 2):
        whole.known.sealing.count(1, total)
        whole.known.sealing.seal()
    newest, first = (epoch for epoch, _ in whole.known.sealing.statements.list(None, 2))
    whole.attested = {
        epoch: Attestation(epoch, (0,) * 11, state)
        for epoch, state in ((first, State.PROVEN), (newest, State.REQUESTED))
    }
    # Then its totals are told
    attested = whole.reading.run().attested
    assert attested
    assert (attested.epoch, attested.subscriptions) == (first, 1)
    whole.attested[newest] = replace(whole.attested[newest], state=State.SETTLED)
    again = whole.reading.run().attested
    assert again
    assert again.epoch == newest


def test_a_day_tells_how_often_each_system_was_well() -> None:
    # Given a day with one good tick and one without LiteLLM, and another day
    whole = Whole()
    whole.tick()
    whole.known.metered_to = NOW - DAY
    whole.tick()
    whole.tick(NOW - DAY)
    whole.tick(NOW - 90 * DAY)
    # Then each of the last 90 days is told by itself, newest first
    today, yesterday = whole.reading.days()
    assert (today.day, yesterday.day) == (NOW.date(), (NOW - DAY).date())
    assert today.systems[System.LITELLM] == {Health.OK: 1, Health.LATE: 1, Health.UNKNOWN: 0}
    assert today.systems[System.FLOW][Health.OK] == today.ticks == 2


def test_the_price_books_are_listed() -> None:
    assert [one.price_book_hash for one in Whole().reading.run().price_books] == [EVEN_BOOK.hash]
