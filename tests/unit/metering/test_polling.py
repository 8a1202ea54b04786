"""Polls count every call once, also when rows are late, pushes are lost, polls overlap or LiteLLM is down."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from flareflow.errors import SpendLogUnavailableError, StorageUnavailableError
from flareflow.metering import counting
from flareflow.metering.counting import CountCalls, ReadSlice, ReadWindow
from flareflow.metering.models import PollReport, Window
from flareflow.metering.polling import PollUsage
from flareflow.metering.price_book import PriceBook
from flareflow.time import Deadline, Epochs
from tests.fakes.metering import (
    KEY,
    NOW,
    FakeKeyDirectory,
    FakeSliceQueue,
    FakeSpendLog,
    FakeUsageEvents,
    finished_call,
    record,
)

MINUTE = timedelta(minutes=1)
LOOK_BACK = 12 * MINUTE
PUSH_GRACE = 30 * MINUTE
EPOCHS = Epochs(300)
SLICES_READ_MAX = 100


@dataclass
class Metering:
    """The poll over fakes; `poll` is one tick."""

    litellm: FakeSpendLog = field(default_factory=FakeSpendLog)
    keys: FakeKeyDirectory = field(default_factory=FakeKeyDirectory)
    usage: FakeUsageEvents = field(default_factory=FakeUsageEvents)
    slices: FakeSliceQueue = field(default_factory=FakeSliceQueue)

    @property
    def read_window(self) -> ReadWindow:
        return ReadWindow(self.litellm, CountCalls(self.keys, self.usage, PriceBook.load()))

    def poll(self, now: datetime = NOW, time_left: timedelta = MINUTE) -> PollReport:
        self.litellm.now = now
        use_case = PollUsage(self.read_window, self.usage, self.slices, EPOCHS, LOOK_BACK, PUSH_GRACE)
        return use_case.run(now, Deadline(now + time_left, clock=lambda: now))

    def read_slices(self) -> None:
        read_slice = ReadSlice(self.read_window, self.slices)
        for _ in range(SLICES_READ_MAX):
            if not self.slices.sent:
                return
            read_slice.run(self.slices.sent.pop(), NOW, Deadline(NOW + MINUTE, clock=lambda: NOW))
        raise AssertionError(f"the queue is not empty after {SLICES_READ_MAX} slices")

    def counted_tokens(self) -> int:
        return self.usage.live(1).counted.tokens

    def recorded(self, call_id: str, started_at: datetime = NOW - MINUTE) -> None:
        self.usage.record([record(call_id, started_at=started_at)], started_at)


@pytest.fixture
def metering() -> Metering:
    return Metering()


def test_a_call_seen_by_two_overlapping_polls_is_counted_once(metering: Metering) -> None:
    # Given a call that finished a minute ago
    metering.litellm.calls = [finished_call("call-1", tokens=1_000)]
    # When two polls see it
    first, second = metering.poll(), metering.poll(NOW + 5 * MINUTE)
    # Then it is one usage event
    assert (first.reading.counted, second.reading.seen, second.reading.counted) == (1, 1, 0)
    assert metering.counted_tokens() == 1_000


def test_the_first_poll_opens_the_epoch_that_it_falls_in(metering: Metering) -> None:
    metering.poll(NOW)
    metering.poll(NOW + 5 * MINUTE)
    assert metering.usage.epoch == EPOCHS.at(NOW)


def test_a_call_as_long_as_the_look_back_is_found_whenever_its_row_appears(metering: Metering) -> None:
    # Given a call of eleven minutes that began just before a poll, and a row that is a minute late
    metering.litellm.row_delay = MINUTE
    call = finished_call("long", started_at=NOW - timedelta(seconds=1), took=11 * MINUTE)
    metering.litellm.calls = [call]
    # When polls go on every five minutes
    for tick in range(4):
        metering.poll(NOW + tick * 5 * MINUTE)
    # Then one of them has found it
    assert metering.usage.counted == {"long"}


def test_calls_of_an_outage_of_hours_are_found_by_the_poll_after_it(metering: Metering) -> None:
    # Given a poll, and then a LiteLLM that cannot be asked while it goes on serving
    metering.poll(NOW)
    metering.litellm.is_down = True
    metering.litellm.calls = [finished_call("in-between", started_at=NOW + 40 * MINUTE)]
    with pytest.raises(SpendLogUnavailableError):
        metering.poll(NOW + 60 * MINUTE)
    # When it can be asked again after three hours
    metering.litellm.is_down = False
    metering.poll(NOW + 180 * MINUTE)
    # Then nothing is missing
    assert metering.usage.counted == {"in-between"}


def test_a_call_of_an_unknown_key_is_quarantined_and_not_counted(metering: Metering) -> None:
    metering.litellm.calls = [finished_call("ours"), finished_call("theirs", key_hash="cd" * 32)]
    report = metering.poll()
    assert metering.usage.counted == {"ours"}
    assert metering.usage.quarantined.keys() == {"theirs"}
    assert report.reading.quarantined == 1


def test_unreadable_rows_are_reported_and_the_others_are_counted(metering: Metering) -> None:
    metering.litellm.unreadable = 2
    metering.litellm.calls = [finished_call("readable")]
    assert metering.poll().reading.unreadable == 2
    assert metering.usage.counted == {"readable"}


def test_all_pages_are_read_until_a_short_one(metering: Metering) -> None:
    metering.litellm.calls = [finished_call(f"call-{n}") for n in range(7)]
    assert metering.poll().reading.counted == 7
    assert metering.litellm.pages_read == 3


def test_what_exceeds_a_polls_pages_is_read_from_the_queue(metering: Metering, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given more calls than a poll may read pages for
    monkeypatch.setattr(counting, "PAGES_MAX", 2)
    metering.litellm.calls = [
        finished_call(f"call-{n}", started_at=NOW - 10 * MINUTE + n * timedelta(seconds=11)) for n in range(40)
    ]
    # When it polls, and then the queue's slices are read
    report = metering.poll()
    assert (report.reading.counted, report.slices > 1) == (6, True)
    metering.read_slices()
    # Then every call is counted once
    assert len(metering.usage.counted) == 40
    assert metering.counted_tokens() == 400


def test_a_poll_that_runs_out_of_time_leaves_the_rest_to_the_queue(metering: Metering) -> None:
    metering.litellm.calls = [finished_call(f"call-{n}") for n in range(7)]
    report = metering.poll(time_left=timedelta(seconds=1))
    assert report.reading.counted == 3
    assert report.slices == len(metering.slices.sent) == 1


def test_a_slice_of_which_nothing_can_be_read_goes_back_to_the_queue(
    metering: Metering, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given more calls in one moment than may be read at once
    monkeypatch.setattr(counting, "PAGES_MAX", 1)
    metering.litellm.calls = [finished_call(f"call-{n}", started_at=NOW - MINUTE) for n in range(9)]
    metering.usage.open_epoch_if_none(1)
    metering.slices.sent = [Window(NOW - MINUTE, NOW)]
    # When the slice is read
    # Then it fails, rather than going round for ever
    with pytest.raises(SpendLogUnavailableError, match="any further"):
        metering.read_slices()


def test_a_recorded_call_that_a_poll_finds_leaves_the_unconfirmed_totals(metering: Metering) -> None:
    metering.recorded("call-1")
    metering.litellm.calls = [finished_call("call-1")]
    metering.poll()
    live = metering.usage.live(1)
    assert (live.counted.tokens, live.unconfirmed.tokens) == (10, 0)


def test_a_recorded_call_that_no_poll_finds_is_billed_after_the_grace_time(metering: Metering) -> None:
    metering.recorded("lost", started_at=NOW - timedelta(seconds=1))
    assert metering.poll(NOW + PUSH_GRACE).billed_alone == 0
    assert metering.poll(NOW + PUSH_GRACE + MINUTE).billed_alone == 1
    live = metering.usage.live(1)
    assert (live.counted.tokens, live.unconfirmed.tokens) == (10, 0)


def test_no_record_is_billed_alone_by_a_poll_that_has_not_read_everything(metering: Metering) -> None:
    metering.recorded("late", started_at=NOW - PUSH_GRACE - MINUTE)
    metering.litellm.calls = [finished_call(f"call-{n}") for n in range(4)]
    assert metering.poll(time_left=timedelta(seconds=1)).billed_alone == 0


def test_an_older_tick_does_not_move_the_watermark_back(metering: Metering) -> None:
    metering.poll(NOW)
    metering.poll(NOW - 5 * MINUTE)
    assert metering.usage.watermark == NOW


def test_usage_of_two_keys_adds_up_on_their_subscription(metering: Metering) -> None:
    other = "ef" * 32
    metering.keys.known[other] = metering.keys.known[KEY]
    metering.litellm.calls = [finished_call("one"), replace(finished_call("two"), key_hash=other)]
    metering.poll()
    assert metering.counted_tokens() == 20


def test_what_is_left_of_a_slice_goes_to_the_queue_again(metering: Metering, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given one slice with more calls than may be read at once
    monkeypatch.setattr(counting, "PAGES_MAX", 1)
    start = NOW - 2 * MINUTE
    metering.litellm.calls = [
        finished_call(f"call-{n}", started_at=start + n * timedelta(seconds=5)) for n in range(10)
    ]
    metering.usage.open_epoch_if_none(1)
    metering.slices.sent = [Window(start, start + MINUTE)]
    # When slices are read until the queue is empty
    metering.read_slices()
    # Then every call was counted
    assert len(metering.usage.counted) == 10


def test_the_watermark_stays_where_the_queue_does_not_take_the_rest(metering: Metering) -> None:
    # Given a poll that reads one page before its deadline, and a queue that takes nothing
    metering.litellm.calls = [finished_call(f"call-{n}") for n in range(7)]
    metering.slices.is_down = True
    with pytest.raises(StorageUnavailableError):
        metering.poll(time_left=timedelta(seconds=1))
    assert metering.usage.watermark is None
    # When a poll comes so late that its look-back alone does not reach back to them
    metering.usage.watermark = NOW
    with pytest.raises(StorageUnavailableError):
        metering.poll(NOW + MINUTE, time_left=timedelta(seconds=1))
    metering.slices.is_down = False
    metering.poll(NOW + 60 * MINUTE)
    # Then it begins where the last complete poll ended, and no call is missing
    assert len(metering.usage.counted) == 7


def test_a_page_that_ends_after_the_window_leaves_an_empty_rest(metering: Metering) -> None:
    # Given calls that began after the poll, in the second to which LiteLLM widens the window
    now = NOW + timedelta(milliseconds=200)
    late = now + timedelta(milliseconds=300)
    metering.litellm.calls = [finished_call(f"call-{n}", started_at=late, took=timedelta()) for n in range(4)]
    metering.litellm.row_delay = -timedelta(seconds=1)
    # When the deadline cuts the poll off after its first page
    metering.poll(now, time_left=timedelta(seconds=1))
    # Then the last moment of the window is left to be read
    assert metering.slices.sent == [Window(now, now)]


def test_a_tick_of_an_hour_ago_reads_its_own_look_back(metering: Metering) -> None:
    # Given a poll, and a call of an hour before it
    metering.poll(NOW)
    metering.litellm.calls = [finished_call("old", started_at=NOW - 61 * MINUTE)]
    # When a tick that was due an hour ago runs at last
    metering.poll(NOW - 60 * MINUTE)
    # Then it finds the call
    assert metering.usage.counted == {"old"}
