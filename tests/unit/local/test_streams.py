"""How a batch of stream records is retried, bisected and given up."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from infra.local.aws.gateway import streams
from infra.local.aws.gateway.event_patterns import Filters
from infra.local.aws.gateway.event_sources import EventSource, Record
from infra.local.aws.gateway.runtime import Outcome
from infra.local.aws.gateway.streams import StreamPoller, StreamReader

type Handler = Callable[[Sequence[int]], Sequence[int]]


@dataclass
class FakeFunctions:
    """Gives batches, as sequence numbers, to a handler that returns those which failed or raises."""

    handler: Handler
    batches: list[list[int]] = field(default_factory=list)

    async def invoke(self, _: str, payload: bytes) -> Outcome:
        batch = [int(record["dynamodb"]["SequenceNumber"]) for record in json.loads(payload)["Records"]]
        self.batches.append(batch)
        try:
            failed = self.handler(batch)
        except RuntimeError:
            return Outcome.failure("Unhandled", "the handler raised")
        failures = [{"itemIdentifier": str(number)} for number in failed]
        return Outcome(json.dumps({"batchItemFailures": failures}).encode())


@dataclass
class FakeQueue:
    sent: list[dict[str, Any]] = field(default_factory=list)

    def get_queue_url(self, **_: str) -> dict[str, str]:
        return {"QueueUrl": "queue"}

    def send_message(self, **message: str) -> None:
        self.sent.append(json.loads(message["MessageBody"])["DDBStreamBatchInfo"])


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "RETRY_SECONDS", 0.0)


def delivered(handler: Handler, *, bisect: bool = False) -> tuple[list[list[int]], list[dict[str, Any]]]:
    """Records 1 to 4 handed to `handler` with two retries: the batches that it saw, and what was given up."""
    properties = {
        "MaximumRetryAttempts": 2,
        "BisectBatchOnFunctionError": bisect,
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:lost"}},
    }
    source = EventSource("arn:stream", "Function", 10, reports_failures=True, properties=properties)
    functions, queue = FakeFunctions(handler), FakeQueue()
    poller = StreamPoller(source, functions, streams=None, sqs=queue)  # type: ignore[arg-type]
    records: list[Record] = [{"dynamodb": {"SequenceNumber": str(number)}} for number in (1, 2, 3, 4)]
    asyncio.run(poller.deliver(records, "shard-1"))
    return functions.batches, queue.sent


def test_a_batch_that_is_taken_is_seen_once() -> None:
    assert delivered(lambda _: []) == ([[1, 2, 3, 4]], [])


def test_a_batch_goes_on_from_its_first_failed_record() -> None:
    failures = iter([[3], []])
    batches, lost = delivered(lambda _: next(failures))
    assert (batches, lost) == ([[1, 2, 3, 4], [3, 4]], [])


def test_what_fails_at_every_retry_is_given_up_to_the_queue() -> None:
    batches, lost = delivered(lambda batch: [number for number in batch if number == 4])
    assert batches == [[1, 2, 3, 4], [4], [4]]
    assert [(one["shardId"], one["startSequenceNumber"], one["batchSize"]) for one in lost] == [("shard-1", "4", 1)]


def test_a_failing_function_is_given_halves_so_that_one_record_cannot_hold_up_all() -> None:
    def handler(batch: Sequence[int]) -> Sequence[int]:
        if 1 in batch:
            raise RuntimeError
        return []

    batches, lost = delivered(handler, bisect=True)
    assert batches == [[1, 2, 3, 4], [1, 2], [1], [2], [3, 4]]
    assert [one["startSequenceNumber"] for one in lost] == ["1"]


@dataclass
class FakeStream:
    """A closed parent shard with records 1 and 2, and its child with record 3, listed child first."""

    shards: dict[str, list[int]] = field(default_factory=lambda: {"child": [3], "parent": [1, 2]})

    def describe_stream(self, **_: Any) -> dict[str, Any]:
        listed = [
            {"ShardId": name, "SequenceNumberRange": {"StartingSequenceNumber": str(numbers[0])}}
            for name, numbers in self.shards.items()
        ]
        return {"StreamDescription": {"Shards": listed}}

    def get_shard_iterator(self, **given: str) -> dict[str, str]:
        assert given["ShardIteratorType"] == "TRIM_HORIZON"
        return {"ShardIterator": f"{given['ShardId']}#0"}

    def get_records(self, **given: Any) -> dict[str, Any]:
        name, _, start = given["ShardIterator"].partition("#")
        end = int(start) + given["Limit"]
        numbers = self.shards[name]
        following = {"NextShardIterator": f"{name}#{end}"} if end < len(numbers) else {}
        return {"Records": [stream_record(number) for number in numbers[int(start) : end]], **following}


def stream_record(number: int) -> dict[str, Any]:
    change = {"SequenceNumber": str(number), "ApproximateCreationDateTime": datetime.now(UTC)}
    return {"eventID": "1", "eventName": "INSERT", "eventVersion": "1.1", "dynamodb": change}


def first_batches(reader: StreamReader, size: int, count: int) -> list[list[str]]:
    async def read() -> list[list[str]]:
        batches = reader.batches(size)
        return [[record["dynamodb"]["SequenceNumber"] for record in await anext(batches)] for _ in range(count)]

    return asyncio.run(read())


def test_shards_are_read_oldest_first_in_batches_of_the_templates_size() -> None:
    assert first_batches(StreamReader("arn:stream", FakeStream()), size=1, count=3) == [["1"], ["2"], ["3"]]
    assert first_batches(StreamReader("arn:stream", FakeStream()), size=10, count=2) == [["1", "2"], ["3"]]


def test_a_reader_that_starts_again_delivers_again() -> None:
    stream = FakeStream()
    before = first_batches(StreamReader("arn:stream", stream), size=10, count=2)
    assert first_batches(StreamReader("arn:stream", stream), size=10, count=2) == before


def handled_in_lanes(properties: dict[str, Any], keys: Sequence[str], fails: Callable[[int, int], bool]) -> list[int]:
    """Records with these partition keys, numbered from 1, in the order in which they were handled.

    `fails` says of a record's number, and of how many were handled so far, whether the function fails for it now.
    """
    wanted = [number for number, key in enumerate(keys, 1) if key != "passed over"]
    handled: list[int] = []

    def handler(batch: Sequence[int]) -> Sequence[int]:
        failed = [number for number in batch if fails(number, len(handled))]
        handled.extend(number for number in batch if not failed or number < failed[0])
        return failed[:1]

    async def run() -> None:
        source = EventSource("arn:stream", "Function", 10, reports_failures=True, properties=properties)
        functions = FakeFunctions(handler)
        poller = StreamPoller(source, functions, streams=KeyedStream(keys), sqs=FakeQueue())  # type: ignore[arg-type]
        running = asyncio.create_task(poller.run())
        async with asyncio.timeout(30):
            while sorted(handled) != wanted:
                await asyncio.sleep(0.01)
        running.cancel()

    asyncio.run(run())
    return handled


@dataclass
class KeyedStream:
    """A stream with one shard of records, numbered from 1, with these partition keys."""

    keys: Sequence[str]

    def __post_init__(self) -> None:
        self.exceptions = SimpleNamespace(TrimmedDataAccessException=KeyError)

    def describe_stream(self, **_: Any) -> dict[str, Any]:
        shard = {"ShardId": "s", "SequenceNumberRange": {"StartingSequenceNumber": "1"}}
        return {"StreamDescription": {"Shards": [shard]}}

    def get_shard_iterator(self, **_: Any) -> dict[str, Any]:
        return {"ShardIterator": "0"}

    def get_records(self, *, ShardIterator: str, Limit: int) -> dict[str, Any]:  # noqa: N803
        start = int(ShardIterator)
        end = min(start + Limit, len(self.keys))
        records = [stream_record(number + 1) for number in range(start, end)]
        for record, key in zip(records, self.keys[start:end], strict=True):
            record["dynamodb"]["Keys"] = {"pk": {"S": key}}
        return {"Records": records, "NextShardIterator": str(end)}


def test_records_that_no_filter_accepts_are_passed_over() -> None:
    pattern = json.dumps({"dynamodb": {"Keys": {"pk": {"S": ["LIVE", {"prefix": "PACK#"}]}}}})
    properties = {"FilterCriteria": {"Filters": [{"Pattern": pattern}]}}
    keys = ["LIVE", "passed over", "PACK#1", "passed over"]
    assert handled_in_lanes(properties, keys, lambda *_: False) == [1, 3]


def test_a_partition_key_that_fails_holds_up_only_its_lane() -> None:
    # Given records of many keys, of which the first fails until some others were handled
    keys = ["first", *(f"key-{number}" for number in range(16)), "first"]
    # When there are four lanes
    handled = handled_in_lanes({"ParallelizationFactor": 4}, keys, lambda number, others: number == 1 and others < 8)
    # Then other lanes go on meanwhile, and the records of one key stay in order
    assert 8 <= handled.index(1) < handled.index(18)


@pytest.mark.parametrize(
    "pattern", ['{"a": "text"}', '{"a": [{"numeric": [">", 1]}]}', '{"a": [{"prefix": "x", "y": 1}]}']
)
def test_a_filter_of_a_kind_that_is_not_known_is_refused(pattern: str) -> None:
    filters = Filters.of({"FilterCriteria": {"Filters": [{"Pattern": pattern}]}})
    with pytest.raises(ValueError, match=r"not known|neither"):
        filters.accept({"a": "x"})


@pytest.mark.parametrize(
    ("record", "is_accepted"),
    [
        ({"eventName": "INSERT", "keys": {"sk": "LIVE"}}, True),
        ({"eventName": "INSERT", "keys": {"sk": "PACK#7"}}, True),
        ({"eventName": "REMOVE", "keys": {"sk": "LIVE"}}, False),
        ({"eventName": "INSERT", "keys": {"sk": "LIVELY"}}, False),
        ({"eventName": "INSERT", "keys": {}}, False),
        ({"eventName": "INSERT"}, False),
        ({"other": "1"}, True),
    ],
)
def test_any_of_the_patterns_accepts_a_record(record: dict[str, Any], is_accepted: bool) -> None:
    patterns = ['{"eventName": ["INSERT"], "keys": {"sk": ["LIVE", {"prefix": "PACK#"}]}}', '{"other": ["no", "1"]}']
    filters = Filters.of({"FilterCriteria": {"Filters": [{"Pattern": pattern} for pattern in patterns]}})
    assert filters.accept(record) is is_accepted
