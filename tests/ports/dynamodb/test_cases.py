"""`Cases` and `ReadingProgress`, fake and DynamoDB alike."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flareflow.adapters.dynamodb.cases import DynamoCases
from flareflow.adapters.dynamodb.reading_progress import DynamoReadingProgress
from flareflow.metering.calls import SetAside
from flareflow.metering.cases import Case, CaseKind, Decision, Verdict
from flareflow.metering.models import Window
from flareflow.metering.opening import of_difference, of_row, of_tally, of_unnamed_model
from flareflow.metering.ports import Cases, ReadingProgress
from flareflow.metering.rows import BUCKET, Listing, Progress, Slice, Tally
from flareflow.metering.usage_events import Difference, DifferenceKind
from tests.fakes.metering import NOW
from tests.fakes.spend_log import FakeCases, FakeReadingProgress
from tests.support.dynamodb import fresh_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

MINUTE = timedelta(minutes=1)
LATER = NOW + MINUTE
ROW = SetAside("row-1", "total_differs", '{"request_id": "row-1"}', NOW)
TALLY = Tally("key_unknown", NOW, 3, (replace(ROW, reason="key_unknown"),))


@pytest.fixture
def table(server: None) -> Iterator["Table"]:
    with fresh_table("UsageTable") as empty:
        yield empty


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def cases(request: pytest.FixtureRequest) -> Cases:
    if request.param == "fake":
        return FakeCases()
    return DynamoCases(request.getfixturevalue("table"), time.sleep)


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def progress(request: pytest.FixtureRequest) -> ReadingProgress:
    if request.param == "fake":
        return FakeReadingProgress()
    return DynamoReadingProgress(request.getfixturevalue("table"), time.sleep)


@pytest.mark.parametrize("model", ["m" * 1_024, "模型" * 512, ""], ids=["long", "not in ASCII", "none"])
def test_a_model_of_any_name_becomes_a_case(cases: Cases, model: str) -> None:
    case = of_unnamed_model(model, NOW)
    assert cases.open([case, case]) == 1
    assert cases.find(case.id) == case
    assert model in case.what


def test_a_case_is_opened_once_and_found_with_all_that_is_in_it(cases: Cases) -> None:
    # Given a row, a tally and a difference
    difference = Difference(DifferenceKind.TOKENS_DIFFER, 7, "row-2", "10 tokens here, 9 there")
    all_of_them = [of_row(ROW, NOW), of_tally(TALLY, NOW), of_difference(difference, NOW)]
    # When they are opened, and again later
    assert cases.open(all_of_them) == 3
    assert cases.open([of_row(ROW, LATER), of_tally(TALLY, LATER)]) == 0
    # Then each is there as it was at first
    for case in all_of_them:
        assert cases.find(case.id) == case
    assert cases.find("row#total_differs#none") is None


def test_a_tally_is_raised_and_never_lowered(cases: Cases) -> None:
    for count in (3, 5, 4):
        cases.open([of_tally(replace(TALLY, count=count), NOW)])
    assert [case.count for case in cases.open_cases(None, 10)] == [5]


def test_open_cases_are_listed_in_order_page_by_page(cases: Cases) -> None:
    opened = [of_row(replace(ROW, identity=f"row-{n}"), NOW) for n in range(7)]
    cases.open(opened)
    listed: list[Case] = []
    for _ in range(4):
        listed += cases.open_cases(listed[-1].id if listed else None, 3)
    assert listed == opened


def test_a_decided_case_is_no_longer_open_and_stays_decided(cases: Cases) -> None:
    # Given a case that was written off
    case = of_row(ROW, NOW)
    cases.open([case])
    decided = replace(case, decision=Decision(Verdict.WRITTEN_OFF, "alice", "a test call", LATER))
    cases.decide(decided)
    # When its row is read again
    assert cases.open([of_row(ROW, LATER)]) == 0
    # Then it is not open
    assert (cases.open_cases(None, 10), cases.find(case.id)) == ([], decided)


def test_a_tally_that_was_decided_is_opened_again_only_by_more_rows(cases: Cases) -> None:
    case = of_tally(TALLY, NOW)
    cases.open([case])
    cases.decide(replace(case, decision=Decision(Verdict.WRITTEN_OFF, "alice", "a scanner", LATER)))
    assert cases.open([case]) == 0
    assert cases.open([replace(case, count=4)]) == 1


def test_a_forgotten_case_is_opened_by_the_next_row(cases: Cases) -> None:
    case = of_tally(TALLY, NOW)
    cases.open([case])
    cases.forget(case)
    assert cases.find(case.id) is None
    assert cases.open([replace(case, count=1)]) == 1


@pytest.mark.stack
def test_the_longest_rows_fit(table: "Table") -> None:
    longest = replace(ROW, body="x" * 100_000)
    tally = Tally("key_unknown", NOW, 3, (longest,) * 3)
    assert DynamoCases(table, time.sleep).open([of_row(longest, NOW), of_tally(tally, NOW)]) == 2


def part(minutes: int, listing: Listing = Listing.ANSWERED) -> Slice:
    return Slice(Window(NOW - minutes * MINUTE, NOW - (minutes - 1) * MINUTE), listing)


def test_there_is_no_progress_before_the_first_poll(progress: ReadingProgress) -> None:
    assert progress.load() == Progress()
    assert progress.load().complete_to is None


def test_the_log_was_read_up_to_the_moment_but_for_the_open_slices(progress: ReadingProgress) -> None:
    progress.advance(NOW, [part(5), part(9, Listing.FAILED_WITH_COST)], NOW)
    assert progress.load() == Progress(NOW, {part(5): NOW, part(9, Listing.FAILED_WITH_COST): NOW})
    assert progress.load().complete_to == NOW - 9 * MINUTE


def test_an_earlier_moment_or_none_does_not_move_it_back(progress: ReadingProgress) -> None:
    for moment in (NOW, NOW - MINUTE, None):
        progress.advance(moment, [], LATER)
    assert progress.load().read_to == NOW


def test_slices_can_be_open_before_the_first_poll(progress: ReadingProgress) -> None:
    progress.advance(None, [part(5)], NOW)
    assert progress.load() == Progress(None, {part(5): NOW})


def test_what_is_left_of_a_slice_takes_its_place(progress: ReadingProgress) -> None:
    progress.advance(NOW, [part(5), part(4)], NOW)
    progress.replace(part(5), [part(3)], LATER)
    assert progress.load().sent == {part(4): NOW, part(3): LATER}


def test_a_slice_that_is_queued_again_is_open_once(progress: ReadingProgress) -> None:
    progress.advance(NOW, [part(5)], NOW)
    progress.advance(NOW, [part(5)], LATER)
    assert progress.load().sent == {part(5): LATER}


def test_numbers_of_rows_are_kept_by_length_and_start(progress: ReadingProgress) -> None:
    progress.record({NOW: 3, NOW + BUCKET: 0})
    progress.record({NOW: 99}, timedelta(hours=1))
    assert progress.known([NOW, NOW + BUCKET, NOW + 2 * BUCKET], BUCKET) == {NOW: 3, NOW + BUCKET: 0}
    assert progress.known([NOW], timedelta(hours=1)) == {NOW: 99}


@pytest.mark.stack
def test_slices_that_end_at_the_same_time_are_all_closed(table: "Table") -> None:
    # Given eight open slices
    one = DynamoReadingProgress(table, time.sleep)
    parts = [part(minutes) for minutes in range(1, 9)]
    one.advance(NOW, parts, NOW)
    # When four invocations close them at the same time
    close: Callable[[Slice], None] = lambda each: one.replace(each, [], LATER)  # noqa: E731
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(close, parts))
    # Then none is open any more
    assert one.load() == Progress(NOW, {})


def test_kinds_of_cases_have_ids_of_their_own() -> None:
    ids = {Case(kind, "reason", "1", NOW).id for kind in CaseKind}
    assert len(ids) == len(CaseKind)
