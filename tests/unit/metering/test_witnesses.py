"""What is billed of rows and records: the whole table of what can come, and in which order."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from flareflow.metering.calls import Ending, Tokens
from flareflow.metering.models import Usage
from flareflow.metering.outcomes import Known, Outcome
from flareflow.metering.usage_events import DifferenceKind, OwnedRecord
from flareflow.metering.witnesses import WAITING_MAX, count_rows, take_records
from tests.fakes.metering import EVEN_BOOK, NOW, FakeUsageEvents, record, row, swept, waiting

GRACE = timedelta(minutes=30)
LATER = NOW + 2 * GRACE
TOLD, LOGGED = Tokens(prompt=20, completion=5), Tokens(prompt=9, completion=1)


@pytest.fixture
def usage() -> FakeUsageEvents:
    return FakeUsageEvents(epoch=1)


def billed(usage: FakeUsageEvents, subscription_id: int = 1) -> list[tuple[str, int, int]]:
    """Event id, tokens and rated micro-tokens of each usage event."""
    events = usage.by_epoch[subscription_id, 1]
    return [(event.event_id, event.tokens.total, event.rated_microtokens) for event in events]


def test_a_row_and_a_record_that_agree_are_billed_once_by_the_gates_id(usage: FakeUsageEvents) -> None:
    usage.record([record("call-1")], NOW)
    report = usage.count([row("a", call_id="call-1")], NOW)
    assert billed(usage) == [("call-1", 10, 10_000_000)]
    assert report.differences == ()
    assert usage.live(1).unconfirmed == Usage()


@pytest.mark.parametrize(
    ("recorded", "tokens"),
    [
        (record("call-1", TOLD), TOLD),
        (record("call-1", TOLD, ending=Ending.BROKEN_OFF), TOLD),
        (record("call-1", TOLD, is_estimated=True), LOGGED),
        (record("call-1", TOLD, ending=Ending.BROKEN_OFF, is_estimated=True), LOGGED),
    ],
    ids=["told", "told, broken off", "estimated", "estimated, broken off"],
)
def test_of_tokens_that_differ_the_gates_are_billed_if_the_answer_told_them(
    usage: FakeUsageEvents, recorded: OwnedRecord, tokens: Tokens
) -> None:
    usage.record([recorded], NOW)
    [difference] = usage.count([row("a", LOGGED, call_id="call-1")], NOW).differences
    assert billed(usage) == [("call-1", tokens.total, tokens.total * 1_000_000)]
    assert (difference.kind, difference.subscription_id) == (DifferenceKind.TOKENS_DIFFER, 1)
    other = TOLD if tokens == LOGGED else LOGGED
    assert str(tokens.total) in difference.what
    assert str(other.total) in difference.what


@pytest.mark.parametrize("logged", [Tokens(), Tokens(prompt=20), Tokens(completion=5), Tokens(prompt=9, cache_read=9)])
def test_a_row_without_input_or_output_does_not_make_free_what_the_gate_has_counted(
    usage: FakeUsageEvents, logged: Tokens
) -> None:
    # Given an answer that told no usage, or a stream that the caller broke off before
    usage.record([record("call-1", TOLD, ending=Ending.BROKEN_OFF, is_estimated=True)], NOW)
    # When LiteLLM logs it without some of its tokens
    [difference] = usage.count([row("a", logged, call_id="call-1")], NOW).differences
    # Then what the gate counted is billed, and the difference told
    assert billed(usage) == [("call-1", 25, 25_000_000)]
    assert difference.kind is DifferenceKind.TOKENS_DIFFER


def test_tokens_of_another_kind_differ_also_if_their_sum_is_the_same(usage: FakeUsageEvents) -> None:
    usage.record([record("call-1", Tokens(prompt=5, cache_read=4, completion=1))], NOW)
    report = usage.count([row("a", Tokens(prompt=9, completion=1), call_id="call-1")], NOW)
    assert [one.kind for one in report.differences] == [DifferenceKind.TOKENS_DIFFER]
    assert usage.by_epoch[1, 1][0].tokens == Tokens(prompt=5, cache_read=4, completion=1)


def test_the_cost_that_litellm_told_is_kept_whoevers_tokens_are_billed(usage: FakeUsageEvents) -> None:
    usage.record([record("call-1", TOLD)], NOW)
    usage.count([row("a", LOGGED, call_id="call-1", cost_nanousd=99)], NOW)
    assert usage.live(1).counted == Usage(20, 5, 1, 25_000_000, 99)


def test_tokens_of_every_kind_are_in_the_totals_and_in_the_event(usage: FakeUsageEvents) -> None:
    kinds = Tokens(prompt=1, completion=2, cache_read=3, cache_write=4, reasoning=5, audio_input=6, audio_output=7)
    expected = Usage(
        prompt_tokens=1,
        completion_tokens=2,
        cache_read_tokens=3,
        cache_write_tokens=4,
        reasoning_tokens=5,
        audio_input_tokens=6,
        audio_output_tokens=7,
        requests=1,
        rated_microtokens=28_000_000,
    )
    usage.record([record("call-1", kinds)], NOW)
    assert usage.live(1).unconfirmed == expected
    usage.count([row("a", kinds, call_id="call-1", cost_nanousd=99)], NOW)
    assert usage.live(1).counted == replace(expected, cost_nanousd=99)
    assert usage.by_epoch[1, 1][0].tokens == kinds


def test_an_event_names_the_price_book_that_rated_it(usage: FakeUsageEvents) -> None:
    usage.count([row("a")], NOW)
    assert usage.by_epoch[1, 1][0].price_book_hash == EVEN_BOOK.hash


def test_a_second_row_of_a_call_is_not_billed_and_listed(usage: FakeUsageEvents) -> None:
    usage.record([record("call-1")], NOW)
    report = usage.count([row("a", call_id="call-1"), row("b", call_id="call-1")], NOW)
    assert report.counted == 1
    [difference] = report.differences
    assert (difference.kind, difference.identity.partition("@")[0]) == (DifferenceKind.SECOND_ROW, "b")
    again = usage.count([row("b", call_id="call-1")], NOW)
    assert (again.counted, again.differences) == (0, report.differences)


def test_a_row_without_a_record_is_billed_at_once_under_its_own_identity(usage: FakeUsageEvents) -> None:
    usage.count([row("a", call_id="call-1"), row("b")], NOW)
    assert billed(usage) == [
        ("a@2026-11-24T09:59:00.000000Z", 10, 10_000_000),
        ("b@2026-11-24T09:59:00.000000Z", 10, 10_000_000),
    ]


@pytest.mark.parametrize("call_id", ["call-1", None])
def test_a_row_without_a_record_is_listed_once_the_grace_is_over(usage: FakeUsageEvents, call_id: str | None) -> None:
    usage.count([row("a", call_id=call_id)], NOW)
    reports = [swept(usage, before, 10, LATER) for before in (NOW, LATER, LATER)]
    assert [[one.kind for one in report.differences] for report in reports] == [
        [],
        [DifferenceKind.ROW_WITHOUT_RECORD],
        [],
    ]
    assert usage.live(1).counted.requests == 1


def test_a_row_whose_record_came_in_time_is_not_listed(usage: FakeUsageEvents) -> None:
    usage.count([row("a", call_id="call-1"), row("b", call_id="call-2")], NOW)
    usage.record([record("call-1"), record("call-2")], NOW)
    assert swept(usage, LATER, 10, LATER).differences == ()


@pytest.mark.parametrize("request_id", ["x" * 1024, "é", "\ud800"])
def test_a_row_with_a_long_or_strange_request_id_has_a_short_name(usage: FakeUsageEvents, request_id: str) -> None:
    usage.record([record("call-1", TOLD)], NOW)
    [difference] = usage.count([row(request_id, LOGGED, call_id="call-1")], NOW).differences
    assert difference.identity.isascii()
    assert len(difference.identity) < 100


def test_a_late_row_of_a_call_that_was_billed_alone_adds_nothing_and_a_second_is_a_double(
    usage: FakeUsageEvents,
) -> None:
    usage.record([record("call-1", TOLD)], NOW)
    swept(usage, NOW, 10, LATER)
    report = usage.count([row("a", call_id="call-1"), row("b", call_id="call-1")], LATER)
    assert [one.kind for one in report.differences] == [DifferenceKind.LATE_ROW, DifferenceKind.SECOND_ROW]
    assert billed(usage) == [("call-1", 25, 25_000_000)]
    assert usage.live(1).counted == Usage(20, 5, 1, 25_000_000)


def test_a_late_record_that_differs_from_the_billed_row_is_listed_and_adds_nothing(usage: FakeUsageEvents) -> None:
    usage.count([row("a", LOGGED, call_id="call-1")], NOW)
    report = usage.record([record("call-1", TOLD)], NOW)
    assert (report.added, [one.kind for one in report.differences]) == (0, [DifferenceKind.TOKENS_DIFFER])
    assert usage.record([record("call-1", TOLD)], NOW) == report
    assert billed(usage) == [("a@2026-11-24T09:59:00.000000Z", 10, 10_000_000)]


def test_a_late_record_of_an_unknown_ending_is_no_difference(usage: FakeUsageEvents) -> None:
    usage.count([row("a", call_id="call-1")], NOW)
    assert usage.record([record("call-1", Tokens(), ending=Ending.UNKNOWN)], NOW).differences == ()
    assert swept(usage, LATER, 10, LATER).differences == ()


def test_an_unknown_ending_is_billed_by_its_row_also_after_the_grace_and_once(usage: FakeUsageEvents) -> None:
    usage.record([record("call-1", Tokens(), ending=Ending.UNKNOWN)], NOW)
    report = swept(usage, NOW, 10, LATER)
    assert (report.counted, [one.kind for one in report.differences]) == (0, [DifferenceKind.UNKNOWN_ENDING])
    rows = [row("a", call_id="call-1"), row("b", call_id="call-1")]
    assert usage.count(rows, LATER).counted == 1
    assert billed(usage) == [("call-1", 10, 10_000_000)]


def test_two_rows_that_their_record_shows_to_be_one_call_are_listed(usage: FakeUsageEvents) -> None:
    # Given two rows with one call id, which nobody knows to be one call
    usage.count([row("a", call_id="call-1"), row("b", call_id="call-1")], NOW)
    # When the record comes, Then a person is told, and nothing is added
    report = usage.record([record("call-1")], NOW)
    assert [one.kind for one in report.differences] == [DifferenceKind.BILLED_TWICE]
    assert usage.live(1).counted.requests == 2


def test_the_order_in_which_witnesses_come_makes_no_difference_to_what_is_billed() -> None:
    for order in permutations(["row", "record", "row again", "record again"]):
        usage = FakeUsageEvents(epoch=1)
        for one in order:
            if one.startswith("row"):
                usage.count([row("a", call_id="call-1")], NOW)
            else:
                usage.record([record("call-1")], NOW)
        assert usage.live(1).counted == Usage(9, 1, 1, 10_000_000, 7), order
        assert usage.live(1).unconfirmed == Usage(), order


def test_a_record_of_another_key_is_no_witness_of_a_row(usage: FakeUsageEvents) -> None:
    # Given a record of one key, and a row of another key of the same subscription with its id
    usage.record([record("call-1")], NOW)
    usage.count([row("a", call_id="call-1", key_hash="cd" * 32)], NOW)
    # Then the record still waits, and is billed beside the row
    assert usage.live(1).unconfirmed.requests == 1
    swept(usage, NOW, 10, LATER)
    assert usage.live(1).counted.requests == 2


@pytest.mark.parametrize("tokens", [Tokens(prompt=-1), Tokens(completion=-1), Tokens(cache_read=-1)])
def test_what_would_make_a_total_smaller_is_set_aside(usage: FakeUsageEvents, tokens: Tokens) -> None:
    rows = usage.count([row("a", tokens), row("b")], NOW)
    records = usage.record([record("call-1", tokens), record("call-2")], NOW)
    assert [one.reason for one in rows.set_aside + records.set_aside] == ["negative_amount"] * 2
    assert (rows.counted, records.added) == (1, 1)


def test_a_negative_cost_is_set_aside(usage: FakeUsageEvents) -> None:
    assert len(usage.count([row("a", cost_nanousd=-1)], NOW).set_aside) == 1
    assert usage.live(1).counted == Usage()


def test_more_waiting_records_than_the_limit_are_set_aside_and_their_rows_still_bill() -> None:
    known = Known([waiting(record(f"call-{number}")) for number in range(WAITING_MAX)])
    outcome = take_records(known, [record("one-more"), record("call-0")], EVEN_BOOK)
    assert (outcome.added, [one.reason for one in outcome.set_aside]) == ((), ["too_many_unconfirmed"])
    assert len(count_rows(known, [row("a", call_id="one-more")], EVEN_BOOK).billed) == 1


def test_nothing_changes_when_nothing_is_new() -> None:
    known = Known([waiting(record("call-1"))], count_rows(Known(), [row("a")], EVEN_BOOK).entries)
    assert count_rows(known, [row("a")], EVEN_BOOK) == Outcome()
    assert take_records(known, [record("call-1")], EVEN_BOOK) == Outcome()
    assert not Outcome().changes_something
