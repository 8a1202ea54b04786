"""Polls count every row once, also when rows are late, polls overlap, LiteLLM is down or slow, or time runs out."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from flareflow.errors import SpendLogUnavailableError, StorageUnavailableError
from flareflow.metering import reading
from flareflow.metering.call_types import known_call_types
from flareflow.metering.models import Window
from flareflow.metering.polling import PATIENCE, PollReport, PollUsage, ReadQueuedSlice
from flareflow.metering.reading import ReadSlice
from flareflow.metering.rows import Listing, Slice
from flareflow.metering.sorting import SortRows
from flareflow.time import Deadline, Epochs
from tests.fakes.metering import KEY, NOW, SECOND, FakeKeyDirectory, FakeUsageEvents, record
from tests.fakes.spend_log import (
    FakeCases,
    FakeReadingProgress,
    FakeRowCounter,
    FakeSliceQueue,
    FakeSpendLog,
    logged_call,
)

MINUTE = timedelta(minutes=1)
LOOK_BACK = 12 * MINUTE
PUSH_GRACE = 30 * MINUTE
EPOCHS = Epochs(300)
SLICES_READ_MAX = 500


@dataclass
class SlowClock:
    """A clock that every page of the spend log moves on by `page_takes`."""

    at: datetime = NOW
    page_takes: timedelta = timedelta()

    def __call__(self) -> datetime:
        return self.at

    def page(self) -> None:
        self.at += self.page_takes


@dataclass
class Metering:
    """The poll over fakes; `poll` is one tick."""

    litellm: FakeSpendLog = field(default_factory=FakeSpendLog)
    keys: FakeKeyDirectory = field(default_factory=FakeKeyDirectory)
    counter: FakeRowCounter = field(default_factory=FakeRowCounter)
    usage: FakeUsageEvents = field(default_factory=FakeUsageEvents)
    cases: FakeCases = field(default_factory=FakeCases)
    progress: FakeReadingProgress = field(default_factory=FakeReadingProgress)
    slices: FakeSliceQueue = field(default_factory=FakeSliceQueue)
    clock: SlowClock = field(default_factory=SlowClock)

    def __post_init__(self) -> None:
        self.litellm.takes = self.clock.page

    @property
    def read_slice(self) -> ReadSlice:
        sort = SortRows(self.keys, self.counter, self.cases, known_call_types())
        return ReadSlice(self.litellm, sort, self.cases, self.progress)

    def poll(self, now: datetime = NOW, time_left: timedelta = 4 * MINUTE) -> PollReport:
        self.litellm.now = self.clock.at = now
        use_case = PollUsage(
            self.read_slice, self.usage, self.cases, self.progress, self.slices, EPOCHS, LOOK_BACK, PUSH_GRACE
        )
        return use_case.run(now, Deadline(now + time_left, clock=self.clock))

    def read_queued(self, part: Slice, time_left: timedelta = 3 * MINUTE) -> None:
        deadline = Deadline(self.clock.at + time_left, clock=self.clock)
        ReadQueuedSlice(self.read_slice, self.progress, self.slices).run(part, self.clock.at, deadline)

    def read_slices(self, time_left: timedelta = 3 * MINUTE) -> None:
        for _ in range(SLICES_READ_MAX):
            if not self.slices.sent:
                return
            self.read_queued(self.slices.sent.pop(0), time_left)
        raise AssertionError(f"the queue is not empty after {SLICES_READ_MAX} slices")


@pytest.fixture
def metering() -> Metering:
    return Metering()


def test_a_row_seen_by_two_overlapping_polls_is_counted_once(metering: Metering) -> None:
    # Given a call that finished a minute ago
    metering.litellm.calls = [logged_call("call-1", tokens=1_000)]
    # When two polls see it
    first, second = metering.poll(), metering.poll(NOW + 5 * MINUTE)
    # Then it is counted once
    assert (first.reading.counted, second.reading.seen, second.reading.counted) == (1, 1, 0)
    assert metering.counter.tokens() == 1_000


def test_the_first_poll_opens_the_epoch_that_it_falls_in(metering: Metering) -> None:
    metering.poll(NOW)
    metering.poll(NOW + 5 * MINUTE)
    assert metering.usage.epoch == EPOCHS.at(NOW)


def test_a_call_as_long_as_the_look_back_is_found_whenever_its_row_appears(metering: Metering) -> None:
    # Given a call of eleven minutes that began just before a poll, and a row that is a minute late
    metering.litellm.row_delay = MINUTE
    metering.litellm.calls = [logged_call("long", started_at=NOW - SECOND, took=11 * MINUTE)]
    # When polls go on every five minutes
    for tick in range(4):
        metering.poll(NOW + tick * 5 * MINUTE)
    # Then one of them has found it
    assert metering.counter.ids == {"long"}


def test_calls_of_an_outage_of_hours_are_found_by_the_poll_after_it(metering: Metering) -> None:
    # Given a poll, and then a LiteLLM that cannot be asked while it goes on serving
    metering.poll(NOW)
    metering.litellm.is_down = True
    metering.litellm.calls = [logged_call("in-between", started_at=NOW + 40 * MINUTE)]
    with pytest.raises(SpendLogUnavailableError):
        metering.poll(NOW + 60 * MINUTE)
    # When it can be asked again after three hours
    metering.litellm.is_down = False
    metering.poll(NOW + 180 * MINUTE)
    # Then nothing is missing
    assert metering.counter.ids == {"in-between"}


def test_all_pages_are_read_until_a_short_one(metering: Metering) -> None:
    metering.litellm.calls = [logged_call(f"call-{n}", started_at=NOW - MINUTE + n * SECOND) for n in range(7)]
    assert metering.poll().reading.counted == 7


def test_rows_that_appear_while_a_window_is_read_are_not_lost(metering: Metering) -> None:
    # Given a row of an earlier call that appears after the first page was read, and shifts all pages by one
    metering.litellm.calls = [logged_call(f"call-{n}", started_at=NOW - MINUTE + n * SECOND) for n in range(9)]
    late = logged_call("late", started_at=NOW - 2 * MINUTE)

    def appear() -> None:
        if metering.litellm.pages_read == 1:
            metering.litellm.calls.append(late)

    metering.litellm.takes = appear
    # When a poll reads, and then another one
    metering.poll()
    # Then the first has counted all of the others, the second the late one too
    assert metering.counter.ids == {f"call-{n}" for n in range(9)}
    metering.poll(NOW + 5 * MINUTE)
    assert "late" in metering.counter.ids


def test_more_rows_in_one_moment_than_a_page_holds_are_all_counted(metering: Metering) -> None:
    # Given ten calls of one moment, which LiteLLM puts in another order for each page, and one call after them
    metering.litellm.shuffles_ties = True
    metering.litellm.calls = [
        *(logged_call(f"tie-{n}", n + 2, started_at=NOW - MINUTE, took=n * SECOND) for n in range(10)),
        logged_call("after", started_at=NOW - 50 * SECOND),
    ]
    # When they are read
    metering.poll()
    # Then none is missing
    assert len(metering.counter.ids) == 11


def test_rows_that_are_on_no_page_end_the_reading_instead_of_being_lost(metering: Metering) -> None:
    # Given ten calls that are equal in everything that LiteLLM can sort by
    metering.litellm.shuffles_ties = True
    metering.litellm.calls = [logged_call(f"tie-{n}", started_at=NOW - MINUTE) for n in range(10)]
    # When a poll cannot see all of them
    metering.poll()
    # Then their second is left to be read, and reading is complete only up to there
    assert metering.slices.sent[0].window.start <= NOW - MINUTE
    assert metering.progress.progress.complete_to is not None
    assert metering.progress.progress.complete_to <= NOW - MINUTE


def test_what_exceeds_a_polls_pages_is_read_from_the_queue(metering: Metering, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given more calls than a poll may read pages for
    monkeypatch.setattr(reading, "PAGES_MAX", 2)
    metering.litellm.calls = [
        logged_call(f"call-{n}", started_at=NOW - 10 * MINUTE + n * timedelta(seconds=11)) for n in range(40)
    ]
    # When it polls, and then the queue's slices are read
    report = metering.poll()
    assert (report.reading.counted < 10, report.slices > 1) == (True, True)
    metering.read_slices()
    # Then every call is counted once, and nothing is open any more
    assert len(metering.counter.rows) == 40
    assert metering.progress.progress.sent == {}


def test_the_watermark_is_complete_only_up_to_what_was_read(metering: Metering) -> None:
    # Given a poll that has no time for the second half of its calls
    metering.litellm.calls = [logged_call(f"call-{n}", started_at=NOW - MINUTE + n * SECOND) for n in range(7)]
    metering.clock.page_takes = MINUTE
    report = metering.poll(time_left=2 * MINUTE)
    # Then answered calls count as read up to the last row that was read, and failures not at all
    progress = metering.progress.progress
    assert progress.read_to == NOW
    assert min(part.window.start for part in progress.sent if part.listing is Listing.ANSWERED) == NOW - 58 * SECOND
    assert progress.complete_to == NOW - 15 * MINUTE
    assert (report.open_slices, report.behind_seconds) == (len(progress.sent), 15 * 60)
    # When the queue's slices were read, Then it is complete
    metering.clock.page_takes = timedelta()
    metering.read_slices()
    assert metering.progress.progress.complete_to == NOW
    assert len(metering.counter.ids) == 7


def test_a_litellm_at_25_seconds_a_page_makes_progress_at_every_tick(metering: Metering) -> None:
    # Given twenty pages of calls, and a LiteLLM that takes 25 s for each page
    metering.litellm.calls = [
        logged_call(f"call-{n}", started_at=NOW - 10 * MINUTE + n * 10 * SECOND) for n in range(60)
    ]
    metering.clock.page_takes = timedelta(seconds=25)
    # When a poll reads, whose function ends after 240 s
    metering.poll()
    # Then it has read as many pages as fit, and has ended in time
    assert metering.clock.at - NOW <= timedelta(seconds=235)
    assert len(metering.counter.ids) >= 14
    # And each queued slice gets on in the 180 s of its function, until nothing is left
    metering.read_slices()
    assert len(metering.counter.ids) == 60


def test_no_page_is_asked_for_when_it_could_not_end_in_time(metering: Metering) -> None:
    metering.litellm.calls = [logged_call(f"call-{n}", started_at=NOW - MINUTE + n * SECOND) for n in range(9)]
    metering.clock.page_takes = timedelta(seconds=25)
    metering.poll(time_left=timedelta(seconds=50))
    assert metering.litellm.pages_read == 1


def test_reading_ends_while_there_is_time_to_count_what_was_read(
    metering: Metering, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given calls of nine subscriptions, of which each takes a minute to count, and five minutes
    monkeypatch.setattr(reading, "COUNTING_TAKES", MINUTE)
    metering.keys.known = {f"{number:064x}": number for number in range(9)}
    metering.litellm.calls = [
        logged_call(f"call-{number}", key_hash=f"{number:064x}", started_at=NOW - MINUTE + number * SECOND)
        for number in range(9)
    ]
    # When it is polled
    report = metering.poll(time_left=5 * MINUTE)
    # Then two pages were read and counted, and the rest waits in the queue
    assert (report.reading.counted, report.slices) == (5, 3)


def test_a_litellm_that_fails_in_the_middle_leaves_only_what_was_not_read(metering: Metering) -> None:
    # Given a LiteLLM that answers two pages and then no more
    metering.litellm.calls = [logged_call(f"call-{n}", started_at=NOW - MINUTE + n * SECOND) for n in range(12)]
    metering.litellm.fails_from_page = 2
    # When it is polled
    metering.poll()
    # Then what was read is counted, and the rest waits in the queue
    assert metering.counter.ids == {f"call-{n}" for n in range(5)}
    assert metering.slices.sent[0] == Slice(Window(NOW - 56 * SECOND, NOW))


def test_a_slice_of_which_nothing_can_be_read_goes_back_to_the_queue(metering: Metering) -> None:
    part = Slice(Window(NOW - MINUTE, NOW))
    metering.progress.advance(NOW, [part], NOW)
    metering.litellm.is_down = True
    with pytest.raises(SpendLogUnavailableError):
        metering.read_queued(part)
    assert part in metering.progress.progress.sent


def test_a_slice_that_was_read_is_not_read_again(metering: Metering) -> None:
    # Given a slice that the queue delivers twice
    part = Slice(Window(NOW - MINUTE, NOW))
    metering.progress.advance(NOW, [part], NOW)
    metering.read_queued(part)
    pages = metering.litellm.pages_read
    # When it comes again, Then LiteLLM is not asked
    metering.read_queued(part)
    assert metering.litellm.pages_read == pages


def test_a_slice_that_nobody_has_read_for_half_an_hour_is_queued_again(metering: Metering) -> None:
    # Given a slice that ended in the dead-letter queue
    part = Slice(Window(NOW - 50 * MINUTE, NOW - 49 * MINUTE))
    metering.progress.advance(NOW, [part], NOW)
    # When polls go on
    assert metering.poll(NOW + PATIENCE).resent == 0
    report = metering.poll(NOW + PATIENCE + SECOND)
    # Then it is queued again, once
    assert (report.resent, metering.slices.sent) == (1, [part])
    assert metering.poll(NOW + PATIENCE + MINUTE).resent == 0


def test_the_progress_is_stored_before_the_slices_are_queued(metering: Metering) -> None:
    # Given a poll whose rest the queue does not take
    metering.litellm.calls = [logged_call(f"call-{n}", started_at=NOW - MINUTE + n * SECOND) for n in range(7)]
    metering.clock.page_takes = MINUTE
    metering.slices.is_down = True
    with pytest.raises(StorageUnavailableError):
        metering.poll(time_left=2 * MINUTE)
    # When it takes slices again, half an hour later
    metering.slices.is_down = False
    metering.clock.page_takes = timedelta()
    metering.poll(NOW + PATIENCE + MINUTE)
    metering.read_slices()
    # Then nothing is missing
    assert len(metering.counter.ids) == 7


def test_failures_that_delivered_something_are_billed(metering: Metering) -> None:
    # Given a stream that LiteLLM broke off, a failure that only cost something, and one that answered nothing
    metering.litellm.calls = [
        logged_call("broken-off", 1_303, failed=True),
        logged_call("image", 0, failed=True, cost_nanousd=40_000_000, call_type="aimage_generation"),
        logged_call("refused", 0, failed=True, cost_nanousd=0),
    ]
    # When they are read
    metering.poll()
    # Then the stream and the image are billed, and the refusal is nothing
    assert metering.counter.tokens() == 1_303
    assert {request_id for request_id, _ in metering.counter.rows} == {"broken-off", "image"}
    assert metering.cases.reasons() == {}


def test_many_failures_with_tokens_are_read_in_halves_of_their_window(metering: Metering) -> None:
    metering.litellm.calls = [
        logged_call(f"failed-{n}", 10 + n, failed=True, cost_nanousd=0, started_at=NOW - 9 * MINUTE + n * 20 * SECOND)
        for n in range(20)
    ]
    metering.poll()
    metering.read_slices()
    assert len(metering.counter.ids) == 20


@pytest.mark.parametrize("gap", [timedelta(), timedelta(milliseconds=300)])
def test_a_page_that_ends_after_the_window_leaves_no_rest_before_its_start(metering: Metering, gap: timedelta) -> None:
    # Given calls that began after the poll, in the second to which LiteLLM widens the window
    now = NOW + timedelta(milliseconds=200)
    metering.litellm.calls = [logged_call(f"call-{n}", n + 1, started_at=now + gap, took=SECOND * n) for n in range(4)]
    metering.litellm.row_delay = -MINUTE
    # When they are polled, Then they are counted, and nothing is left
    assert metering.poll(now).reading.counted == 4


def test_a_recorded_call_that_no_poll_finds_is_billed_after_the_grace_time(metering: Metering) -> None:
    metering.usage.record([record("lost", started_at=NOW - SECOND)], NOW)
    assert metering.poll(NOW + PUSH_GRACE).billed_alone == 0
    assert metering.poll(NOW + PUSH_GRACE + MINUTE).billed_alone == 1
    live = metering.usage.live(1)
    assert (live.counted.tokens, live.unconfirmed.tokens) == (10, 0)
    assert "record_without_row" in metering.cases.reasons()


def test_no_record_is_billed_alone_by_a_poll_that_has_not_read_everything(metering: Metering) -> None:
    metering.usage.record([record("late", started_at=NOW - PUSH_GRACE - MINUTE)], NOW)
    metering.litellm.calls = [logged_call(f"call-{n}") for n in range(4)]
    metering.clock.page_takes = MINUTE
    assert metering.poll(time_left=MINUTE).billed_alone == 0


def test_an_older_tick_does_not_move_the_watermark_back(metering: Metering) -> None:
    metering.poll(NOW)
    metering.poll(NOW - 5 * MINUTE)
    assert metering.progress.progress.read_to == NOW


def test_a_tick_of_an_hour_ago_reads_its_own_look_back(metering: Metering) -> None:
    # Given a poll, and a call of an hour before it
    metering.poll(NOW)
    metering.litellm.calls = [logged_call("old", started_at=NOW - 61 * MINUTE)]
    # When a tick that was due an hour ago runs at last
    metering.poll(NOW - 60 * MINUTE)
    # Then it finds the call
    assert metering.counter.ids == {"old"}


def test_usage_of_two_keys_adds_up_on_their_subscription(metering: Metering) -> None:
    other = "ef" * 32
    metering.keys.known[other] = metering.keys.known[KEY]
    metering.litellm.calls = [logged_call("one"), logged_call("two", key_hash=other)]
    metering.poll()
    assert metering.counter.tokens() == 20


@pytest.mark.parametrize("listing", [Listing.FAILED_WITH_TOKENS, Listing.FAILED_WITH_COST])
def test_a_listing_that_a_poll_had_no_time_for_is_read_from_the_queue(metering: Metering, listing: Listing) -> None:
    metering.litellm.calls = [
        *(logged_call(f"call-{n}", started_at=NOW - MINUTE + n * SECOND) for n in range(7)),
        logged_call("broken-off", 500, failed=True),
    ]
    metering.clock.page_takes = MINUTE
    metering.poll(time_left=2 * MINUTE)
    assert listing in {part.listing for part in metering.slices.sent}
    metering.read_slices()
    assert "broken-off" in metering.counter.ids
