"""What a call costs, in things that can be counted: write units, pages asked for, keys looked up, rows held."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.litellm import spend_log as pages
from flareflow.adapters.litellm.spend_log import LiteLLMSpendLog
from flareflow.entrypoints.gate_records import posted_records
from flareflow.metering import reading
from flareflow.metering.call_types import known_call_types
from flareflow.metering.ingest import IngestRecords
from flareflow.metering.models import Subscriptions
from flareflow.metering.polling import PollReport, PollUsage
from flareflow.metering.reading import ReadSlice
from flareflow.metering.sorting import SortRows
from flareflow.time import Deadline, Epochs
from tests.benchmarks.metering.log import Log
from tests.fakes.metering import NOW, FakeKeyDirectory, FakePriceBooks
from tests.fakes.spend_log import FakeCases, FakeReadingProgress, FakeSliceQueue
from tests.support.memory_table import MemoryTable

MINUTE = timedelta(minutes=1)
PAGE_ROWS = 50
UNIT_BYTES = 1024


def size(value: object) -> int:
    """The bytes of an attribute's value, as DynamoDB counts them."""
    match value:
        case str():
            return len(value.encode())
        case bytes():
            return len(value)
        case int():
            return 1 + math.ceil(len(str(abs(value))) / 2)
        case list():
            return 3 + sum(1 + size(one) for one in value)
    raise AssertionError(value)


def units(item: Mapping[str, Any]) -> int:
    return math.ceil(sum(len(name) + size(value) for name, value in item.items()) / UNIT_BYTES)


@dataclass
class CountingTable(MemoryTable):
    """Counts write units by the first word of the sort key, as DynamoDB does: twice as many in a transaction."""

    written: Counter[str] = field(default_factory=Counter)

    def put_item(self, **put: Any) -> None:
        self._write([{"Put": put}], 1)

    def transact_write_items(self, *, TransactItems: Any) -> None:  # noqa: N803
        self._write(TransactItems, 2)

    def _write(self, actions: Sequence[Any], factor: int) -> None:
        keys = [(one["pk"], one["sk"]) for action in actions for one in [_key(action)]]
        before = [self.items.get(key, {}) for key in keys]
        super().transact_write_items(TransactItems=actions)
        for key, item in zip(keys, before, strict=True):
            larger = max(units(item), units(self.items.get(key, {})), 1)
            self.written[key[1].partition("#")[0]] += factor * larger


def _key(action: Mapping[str, Any]) -> Mapping[str, Any]:
    [what] = action.values()
    return dict(what.get("Key") or what["Item"])


@dataclass
class CountingKeys(FakeKeyDirectory):
    """`KeyDirectory` that counts the keys that it was asked for."""

    asked: int = 0

    def subscriptions(self, key_hashes: Set[str]) -> Subscriptions:
        self.asked += len(key_hashes)
        return super().subscriptions(key_hashes)


@dataclass
class Metering:
    """Records are posted one by one, then one poll reads the log."""

    log: Log
    table: CountingTable = field(default_factory=CountingTable)
    keys: CountingKeys = field(init=False)
    queue: FakeSliceQueue = field(default_factory=FakeSliceQueue)

    def __post_init__(self) -> None:
        self.keys = CountingKeys(self.log.keys)
        self.usage = DynamoUsageEvents(self.table.as_table(), lambda _: None, FakePriceBooks())
        self.usage.open_epoch_if_none(1)
        self.table.written.clear()

    def push(self) -> None:
        ingest = IngestRecords(lambda: "", posted_records, self.keys, self.usage, FakeCases())
        for call in self.log.calls():
            assert ingest.run("Bearer ", json.dumps([call.record()]).encode(), NOW).added == 1

    def poll(self) -> PollReport:
        http = httpx.Client(base_url="http://litellm", transport=httpx.MockTransport(self.log.handle))
        sort = SortRows(self.keys, self.usage, FakeCases(), known_call_types())
        progress = FakeReadingProgress()
        read = ReadSlice(LiteLLMSpendLog(http), sort, FakeCases(), progress)
        poll = PollUsage(read, self.usage, FakeCases(), progress, self.queue, Epochs(), 12 * MINUTE, 30 * MINUTE)
        return poll.run(NOW, Deadline(NOW + 4 * MINUTE, clock=lambda: NOW))


def metering(subscriptions: int, each: int, begin: datetime = NOW - 5 * MINUTE) -> Metering:
    return Metering(Log(subscriptions, each, begin, 5 * MINUTE))


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many pages as a crowd has, of fewer rows."""
    monkeypatch.setattr(pages, "PAGE_ROWS_MAX", PAGE_ROWS)


def test_ten_calls_of_each_subscription_a_poll_use_less_than_two_units_each() -> None:
    # Given calls of 40 subscriptions, one after the other, on many pages
    crowd = metering(subscriptions=40, each=10)
    # When each record is posted alone and one poll reads the rows
    crowd.push()
    assert crowd.poll().reading.counted == 400
    # Then a subscription is written once for all of its rows
    assert crowd.table.written.total() / 400 < 2, crowd.table.written


def test_one_call_of_one_subscription_alone_uses_at_most_ten_units_with_the_lease_of_its_credit() -> None:
    alone = metering(subscriptions=1, each=1)
    alone.push()
    alone.poll()
    # Then, as its lease uses one
    assert alone.table.written.total() == 9, alone.table.written


def test_what_a_second_poll_finds_again_uses_no_unit() -> None:
    crowd = metering(subscriptions=5, each=10)
    crowd.poll()
    crowd.table.written.clear()
    assert crowd.poll().reading.counted == 0
    assert crowd.table.written.total() == 0


def test_a_page_is_asked_for_once_and_a_key_once_for_all_pages() -> None:
    crowd = metering(subscriptions=40, each=10)
    crowd.poll()
    # Eight pages and what begins in the last second of each; then both listings of failures
    assert crowd.log.requests <= 400 / PAGE_ROWS * 1.2 + 2
    assert crowd.keys.asked == 40


@pytest.mark.parametrize("each", [10, 100])
def test_ten_times_the_rows_of_the_same_subscriptions_are_written_no_more_often(
    monkeypatch: pytest.MonkeyPatch, each: int
) -> None:
    # Given room for the text of three pages as it is, and many more compressed
    crowd = metering(subscriptions=8, each=each)
    monkeypatch.setattr(reading, "HELD_BYTES_MAX", 3 * PAGE_ROWS * 1_500)
    # When two or twenty pages are read
    assert crowd.poll().reading.counted == 8 * each
    # Then each subscription is written once for all of its rows
    assert crowd.table.written["LIVE"] / 2 == 8


def test_rows_are_counted_before_their_text_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given room for the text of about three pages, when it is compressed
    crowd = metering(subscriptions=40, each=10)
    monkeypatch.setattr(reading, "HELD_BYTES_MAX", 3 * PAGE_ROWS * 200)
    # When eight pages are read
    assert crowd.poll().reading.counted == 400
    # Then subscriptions are counted three or four times, and not for each page
    assert 2 * 40 <= crowd.table.written["LIVE"] / 2 <= 4 * 40


def test_more_pages_than_one_invocation_reads_go_to_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAGES_MAX", 2)
    crowd = metering(subscriptions=40, each=10)
    assert PAGE_ROWS < crowd.poll().reading.counted < 2 * PAGE_ROWS
    assert crowd.queue.sent
