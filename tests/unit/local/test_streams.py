"""How a batch of stream records is retried, bisected and given up."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.local.aws.gateway import streams
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
