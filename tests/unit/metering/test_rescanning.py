"""Re-scans find rows that appeared late, and read again only windows whose rows are not known."""

from datetime import datetime, timedelta

import pytest

from flareflow.errors import SpendLogUnavailableError
from flareflow.metering.rescanning import Rescan, RescanReport
from flareflow.metering.rows import BUCKET, Listing
from flareflow.time import Deadline
from tests.fakes.metering import NOW, SECOND
from tests.fakes.spend_log import logged_call
from tests.unit.metering.test_polling import LOOK_BACK, MINUTE, Metering

HOUR = timedelta(hours=1)


def rescan(metering: Metering, now: datetime, reach: timedelta = 6 * HOUR, time_left: timedelta = HOUR) -> RescanReport:
    """One re-scan, after which the queue is read."""
    metering.litellm.now = metering.clock.at = now
    use_case = Rescan(metering.litellm, metering.progress, metering.slices, reach, LOOK_BACK)
    report = use_case.run(now, Deadline(now + time_left, clock=metering.clock))
    metering.clock.page_takes = timedelta()
    metering.read_slices()
    return report


@pytest.fixture
def metering() -> Metering:
    """Metering that has polled for three hours, with a call every four minutes."""
    metering = Metering()
    metering.litellm.calls = [logged_call(f"call-{n}", started_at=NOW - 3 * HOUR + n * 4 * MINUTE) for n in range(45)]
    for tick in range(37):
        metering.poll(NOW - 3 * HOUR + tick * 5 * MINUTE)
    assert len(metering.counter.ids) == 45
    return metering


def test_a_row_that_appears_half_an_hour_late_is_billed(metering: Metering) -> None:
    # Given public case 09: a row of a call of half an hour ago, written now
    metering.litellm.calls.append(logged_call("late-1", 30, started_at=NOW - 31 * MINUTE))
    metering.poll(NOW + 5 * MINUTE)
    assert "late-1" not in metering.counter.ids
    # When the log is scanned again
    report = rescan(metering, NOW + 6 * MINUTE)
    # Then it is billed, and only its five minutes were read again
    assert "late-1" in metering.counter.ids
    assert report.slices == 1


def test_a_call_longer_than_the_look_back_is_billed(metering: Metering) -> None:
    # Given public case 08: a stream that outlasts the look-back
    metering.litellm.calls.append(logged_call("long", 84, started_at=NOW - HOUR, took=LOOK_BACK + 50 * MINUTE))
    assert "long" not in metering.counter.ids
    rescan(metering, NOW + 5 * MINUTE)
    assert "long" in metering.counter.ids


def test_a_failure_that_appears_late_is_billed(metering: Metering) -> None:
    metering.litellm.calls.append(logged_call("broken-off", 1_303, failed=True, started_at=NOW - 2 * HOUR))
    rescan(metering, NOW)
    assert "broken-off" in metering.counter.ids


def test_a_log_that_is_known_is_not_read_again(metering: Metering) -> None:
    rescan(metering, NOW)
    pages = metering.litellm.pages_read
    report = rescan(metering, NOW)
    assert (report.slices, report.is_complete) == (0, True)
    # Only the two listings of failures were asked for
    assert metering.litellm.pages_read - pages == len({Listing.FAILED_WITH_COST, Listing.FAILED_WITH_TOKENS})


def test_hours_that_are_known_cost_one_question_each(metering: Metering) -> None:
    # Given a scan that has looked at each five minutes
    first = rescan(metering, NOW)
    # When the log is scanned again
    second = rescan(metering, NOW)
    # Then whole hours are not looked at in parts any more
    assert second.asked < first.asked - 20


def test_a_day_that_is_known_costs_one_question(metering: Metering) -> None:
    # Given a scan of yesterday and today, at midnight and a quarter past
    midnight = NOW.replace(hour=0, minute=15) + timedelta(days=1)
    rescan(metering, midnight, reach=24 * HOUR)
    # When the same is scanned again, Then yesterday is one question
    assert rescan(metering, midnight, reach=24 * HOUR).asked == 1


def test_a_scan_reaches_back_as_far_as_it_should(metering: Metering) -> None:
    metering.litellm.calls.append(logged_call("old", started_at=NOW - 70 * HOUR))
    rescan(metering, NOW)
    assert "old" not in metering.counter.ids
    rescan(metering, NOW, reach=72 * HOUR)
    assert "old" in metering.counter.ids


def test_a_row_that_was_written_while_another_one_vanished_is_not_seen_by_counting_but_by_polling() -> None:
    # Given a log in which a row appears within the look-back of the polls
    metering = Metering()
    metering.litellm.calls = [logged_call("first", started_at=NOW - 2 * MINUTE)]
    metering.poll(NOW)
    metering.litellm.calls.append(logged_call("second", started_at=NOW - 3 * MINUTE))
    # When a poll comes, Then it reads the window again, whatever its count
    metering.poll(NOW + 5 * MINUTE)
    assert metering.counter.ids == {"first", "second"}


def test_a_scan_that_runs_out_of_time_says_so_and_queues_what_it_found(metering: Metering) -> None:
    metering.litellm.calls.append(logged_call("late", started_at=NOW - 30 * MINUTE))
    metering.clock.page_takes = timedelta(seconds=25)
    report = rescan(metering, NOW, time_left=10 * MINUTE)
    assert (report.is_complete, report.asked) == (False, 23)
    assert "late" in metering.counter.ids


def test_a_scan_cut_short_takes_nothing_for_known_that_it_has_not_seen(metering: Metering) -> None:
    # Given a late row in the oldest hours, and a scan that does not get there
    metering.litellm.calls.append(logged_call("late", started_at=NOW - 5 * HOUR))
    metering.clock.page_takes = timedelta(seconds=25)
    rescan(metering, NOW, time_left=5 * MINUTE)
    assert "late" not in metering.counter.ids
    # When a scan has time, Then it finds the row
    rescan(metering, NOW)
    assert "late" in metering.counter.ids


def test_more_rows_than_litellm_counts_are_looked_at_in_parts(
    metering: Metering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.fakes.spend_log.COUNTED_MAX", 10)
    metering.litellm.calls.append(logged_call("late", started_at=NOW - 31 * MINUTE))
    assert rescan(metering, NOW).slices == 1
    assert "late" in metering.counter.ids


def test_a_row_on_the_border_of_two_buckets_belongs_to_both_counts(metering: Metering) -> None:
    border = NOW - 2 * HOUR
    metering.litellm.calls.append(logged_call("border", started_at=border))
    rescan(metering, NOW)
    assert "border" in metering.counter.ids
    assert rescan(metering, NOW).slices == 0
    assert metering.progress.known([border, border - BUCKET], BUCKET).keys() == {border, border - BUCKET}


def test_a_litellm_that_is_down_means_that_the_next_scan_looks_again(metering: Metering) -> None:
    metering.litellm.is_down = True
    with pytest.raises(SpendLogUnavailableError):
        rescan(metering, NOW + SECOND)
