"""Calls are rated when they are counted, by the book of the epoch that counts them."""

from dataclasses import replace

import pytest

from flareflow.metering.calls import Ending, Tokens, Units
from flareflow.metering.price_book import Price, PriceBook
from flareflow.metering.usage_events import DifferenceKind
from tests.fakes.metering import KEY, NOW, FakePriceBooks, FakeUsageEvents, record, row, swept

THOUGHT = Tokens(prompt=100, completion=20, reasoning=60)
NOT_TOLD = Tokens(prompt=100, completion=80)


def book(price: Price, **others: Price) -> PriceBook:
    """A book with a price for the model of the calls of these tests; the default is 7 for each token."""
    models = {"gpt-4.1-mini": price, **others}
    return PriceBook(version=1, title="", models=models, default=Price(prompt=7, completion=7))


X1 = book(Price(prompt=1, completion=1))
X2 = book(Price(prompt=2, completion=2))


@pytest.fixture
def usage() -> FakeUsageEvents:
    return FakeUsageEvents(epoch=1, books=FakePriceBooks({0: X1, 5: X2}))


def test_a_call_is_rated_by_the_book_of_the_epoch_that_counts_it(usage: FakeUsageEvents) -> None:
    # Given two calls at the same moment, of which one is counted before a new book is in force and one after it
    usage.count([row("a")], NOW)
    usage.epoch = 5
    usage.count([row("a"), row("b")], NOW)
    # Then each is rated once, by its book, and its event names the book
    [before], [after] = usage.by_epoch[1, 1], usage.by_epoch[1, 5]
    assert (before.rated_microtokens, before.price_book_hash) == (10, X1.hash)
    assert (after.rated_microtokens, after.price_book_hash) == (20, X2.hash)


def test_what_waits_is_shown_by_the_old_book_and_counted_by_the_new_one(usage: FakeUsageEvents) -> None:
    # Given two records that wait since before a new book is in force
    usage.record([record("call-1"), record("call-2")], NOW)
    assert usage.live(1).unconfirmed.rated_microtokens == 20
    usage.epoch = 5
    # When the row of one comes, and the other is billed alone
    usage.count([row("a", call_id="call-1")], NOW)
    swept(usage, NOW, 10, NOW)
    # Then both weigh what the new book says, and nothing is left of what was shown
    assert [event.rated_microtokens for event in usage.by_epoch[1, 5]] == [20, 20]
    assert usage.live(1).unconfirmed.rated_microtokens == 0


def test_a_model_that_only_the_default_covers_is_told(usage: FakeUsageEvents) -> None:
    unnamed = row("a")
    unnamed = replace(unnamed, call=replace(unnamed.call, model="new-model"))
    report = usage.count([unnamed, row("b")], NOW)
    assert (report.counted, report.by_default) == (2, frozenset({"new-model"}))
    assert usage.live(1).counted.rated_microtokens == 10 * 7 + 10


def test_what_has_no_price_waits_for_a_person_with_its_row(usage: FakeUsageEvents) -> None:
    # Given a row that only cost something, of a model that has prices of tokens only
    odd = replace(row("a", Tokens()), body=lambda: '{"request_id":"a"}')
    report = usage.count([odd], NOW)
    assert report.counted == 0
    assert [(one.reason, one.body) for one in report.set_aside] == [("unpriced", '{"request_id":"a"}')]


def test_a_row_that_tells_neither_use_nor_cost_waits_for_a_person(usage: FakeUsageEvents) -> None:
    # Given calls without tokens: of one the cost is known, and it is nothing; of the other it cannot be read
    [aside] = usage.count([row("free", Tokens(), cost_nanousd=0), row("a", Tokens(), cost_nanousd=None)], NOW).set_aside
    # Then only the second is set aside, since nobody knows what it is worth
    assert (aside.reason, len(usage.by_epoch[1, 1])) == ("unpriced", 1)


def test_a_price_of_each_request_needs_no_more_than_the_request() -> None:
    usage = FakeUsageEvents(epoch=1, books=FakePriceBooks({0: book(Price(prompt=1, completion=1, request=9))}))
    usage.count([row("a", Tokens(), cost_nanousd=None)], NOW)
    assert usage.by_epoch[1, 1][0].rated_microtokens == 9


def test_a_record_without_a_price_is_set_aside_when_no_row_comes() -> None:
    usage = FakeUsageEvents(epoch=1, books=FakePriceBooks({0: book(Price(nanousd=1))}))
    usage.record([record("call-1")], NOW)
    report = swept(usage, NOW, 10, NOW)
    assert (report.counted, [one.reason for one in report.set_aside]) == (0, ["unpriced"])
    assert usage.live(1).unconfirmed.requests == 0


def test_images_and_sound_are_billed_by_what_the_row_tells() -> None:
    usage = FakeUsageEvents(epoch=1, books=FakePriceBooks({0: book(Price(image=40, second=10))}))
    made = row("a", Tokens())
    made = replace(made, call=replace(made.call, units=Units(images=2, milliseconds=1_500), base_model="openai/x"))
    usage.count([made], NOW)
    [event] = usage.by_epoch[1, 1]
    assert (event.rated_microtokens, event.units, event.base_model) == (95, Units(2, 1_500), "openai/x")


def test_an_answer_that_does_not_tell_its_reasoning_agrees_with_a_row_that_does(usage: FakeUsageEvents) -> None:
    usage.record([record("call-1", NOT_TOLD)], NOW)
    report = usage.count([row("a", THOUGHT, call_id="call-1")], NOW)
    assert report.differences == ()
    assert usage.by_epoch[1, 1][0].tokens == THOUGHT


def test_reasoning_that_weighs_otherwise_is_a_difference() -> None:
    dearer = Price(prompt=1, completion=1, reasoning=3)
    usage = FakeUsageEvents(epoch=1, books=FakePriceBooks({0: book(dearer)}))
    usage.record([record("call-1", NOT_TOLD)], NOW)
    report = usage.count([row("a", THOUGHT, call_id="call-1")], NOW)
    assert [one.kind for one in report.differences] == [DifferenceKind.TOKENS_DIFFER]
    assert usage.by_epoch[1, 1][0].tokens == NOT_TOLD


def test_a_fallback_is_rated_by_the_model_that_answered() -> None:
    prices = book(
        Price(prompt=3, completion=3), cheap=Price(prompt=1, completion=1), dear=Price(prompt=9, completion=9)
    )
    usage = FakeUsageEvents(epoch=1, books=FakePriceBooks({0: prices}))
    asked = record("call-1", ending=Ending.BROKEN_OFF)
    usage.record([replace(asked, call=replace(asked.call, model="cheap", answered_by="dear"))], NOW)
    assert usage.live(1).unconfirmed.rated_microtokens == 90
    assert usage.calls[1].waiting[0].call.key_hash == KEY
