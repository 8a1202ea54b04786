"""DynamoDB Streams as event sources: batches in order, retried, halved on failure, at last reported to a queue.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

import asyncio
import base64
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final
from zlib import crc32

from mypy_boto3_sqs import SQSClient

from infra.local.aws import session as aws
from infra.local.aws.gateway.event_sources import EventSource, Record
from infra.local.aws.gateway.functions import Functions, ThrottledError
from infra.waiting import pause

RETRY_SECONDS: Final = 0.5
SHARDS_MAX: Final = 100


class StreamReader:
    """Reads a stream from its oldest record on. A new reader begins at the oldest record again."""

    def __init__(self, stream_arn: str, streams: Any) -> None:
        self._stream_arn = stream_arn
        self._streams = streams
        self.shard_id = ""
        """The shard of the last batch."""

    async def batches(self, size: int) -> AsyncIterator[list[Record]]:
        """Batches of at most `size` records in the stream's order. A batch is read when the one before was handled."""
        finished: set[str] = set()
        while True:
            for shard_id in await self._shards(finished):
                self.shard_id = shard_id
                async for batch in self._shard(shard_id, size):
                    yield batch
                finished.add(shard_id)
            await pause()

    async def _shards(self, finished: set[str]) -> list[str]:
        """The shards that are not finished, oldest first: a parent shard is older than its children."""
        answer = await self._ask("describe_stream", StreamArn=self._stream_arn, Limit=SHARDS_MAX)
        shards = sorted(
            answer["StreamDescription"]["Shards"],
            key=lambda shard: int(shard["SequenceNumberRange"]["StartingSequenceNumber"]),
        )
        return [shard["ShardId"] for shard in shards if shard["ShardId"] not in finished]

    async def _shard(self, shard_id: str, size: int) -> AsyncIterator[list[Record]]:
        """The batches of one shard, until it is closed and has no more records."""
        iterator = await self._oldest(shard_id)
        while iterator:
            try:
                answer = await self._ask("get_records", ShardIterator=iterator, Limit=size)
            except self._streams.exceptions.TrimmedDataAccessException:
                # The record was trimmed. DynamoDB Local also raises this at the first record of an empty shard.
                iterator = await self._oldest(shard_id)
                continue
            iterator = answer.get("NextShardIterator")
            if answer["Records"]:
                yield [event_record(record, self._stream_arn) for record in answer["Records"]]
            else:
                await pause()

    async def _oldest(self, shard_id: str) -> str | None:
        """An iterator at the shard's oldest record."""
        where = {"StreamArn": self._stream_arn, "ShardId": shard_id, "ShardIteratorType": "TRIM_HORIZON"}
        iterator: str | None = (await self._ask("get_shard_iterator", **where)).get("ShardIterator")
        return iterator

    async def _ask(self, operation: str, **parameters: Any) -> Any:
        return await asyncio.to_thread(getattr(self._streams, operation), **parameters)


@dataclass(frozen=True, slots=True)
class StreamPoller:
    """Feeds one stream to one function, in as many lanes as `ParallelizationFactor` says.

    Records with the same partition key are in the same lane. A batch blocks the following ones of its lane until it is
    handled or given up; meanwhile they gather, and are the next batch.
    """

    source: EventSource
    functions: Functions
    streams: Any
    sqs: SQSClient

    async def run(self) -> None:
        lanes = [asyncio.Queue[tuple[str, Record]](self.source.batch_size) for _ in range(self._lanes)]
        async with asyncio.TaskGroup() as group:
            for lane in lanes:
                group.create_task(self._serve(lane))
            reader, filters = StreamReader(self.source.source_arn, self.streams), self.source.filters
            async for records in reader.batches(self.source.batch_size):
                for record in filter(filters.accept, records):
                    await lanes[_hash(record) % len(lanes)].put((reader.shard_id, record))

    async def _serve(self, lane: asyncio.Queue[tuple[str, Record]]) -> None:
        """Deliver what has gathered in a lane, again and again, as one batch of each shard."""
        while True:
            gathered = [await lane.get()]
            while not lane.empty() and len(gathered) < self.source.batch_size:
                gathered.append(lane.get_nowait())
            for shard_id, batch in groupby(gathered, itemgetter(0)):
                await self.deliver([record for _, record in batch], shard_id)

    async def deliver(self, records: Sequence[Record], shard_id: str) -> None:
        """Invoke the function until every record is handled or, after the retries, given up."""
        waiting = deque([(records, 0)])
        while waiting:
            batch, retries = waiting.popleft()
            left, whole_failed = await self._unhandled(batch)
            if not left:
                continue
            if retries == self._retries_max:
                await self._give_up(left, shard_id, retries)
                continue
            await asyncio.sleep(RETRY_SECONDS)
            parts = _halves(left) if whole_failed and self._bisects else [left]
            waiting.extendleft((part, retries + 1) for part in reversed(parts))

    @property
    def _lanes(self) -> int:
        return int(self.source.properties.get("ParallelizationFactor", 1))

    @property
    def _retries_max(self) -> int | None:
        retries = int(self.source.properties.get("MaximumRetryAttempts", -1))
        return None if retries == -1 else retries

    @property
    def _bisects(self) -> bool:
        return bool(self.source.properties.get("BisectBatchOnFunctionError", False))

    async def _unhandled(self, batch: Sequence[Record]) -> tuple[Sequence[Record], bool]:
        """Invoke the function; returns the records from the first failed one on, and whether the function failed."""
        try:
            failed = await self.source.hand_over(self.functions, batch)
        except ThrottledError:
            failed = None
        if failed is None:
            return batch, True
        first = next((i for i, record in enumerate(batch) if _sequence(record) in failed), len(batch))
        return batch[first:], False

    async def _give_up(self, batch: Sequence[Record], shard_id: str, retries: int) -> None:
        """Send the OnFailure queue what Lambda would send: the place of the records in the stream, not the records."""
        destination = self.source.properties["DestinationConfig"]["OnFailure"]["Destination"]
        queue = await asyncio.to_thread(self.sqs.get_queue_url, QueueName=destination.rpartition(":")[2])
        report = {
            "requestContext": {
                "functionArn": aws.arn("lambda", f"function:{self.source.function}"),
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": retries + 1,
            },
            "version": "1.0",
            "timestamp": datetime.now(UTC).isoformat(),
            "DDBStreamBatchInfo": {
                "streamArn": self.source.source_arn,
                "shardId": shard_id,
                "startSequenceNumber": _sequence(batch[0]),
                "endSequenceNumber": _sequence(batch[-1]),
                "batchSize": len(batch),
            },
        }
        await asyncio.to_thread(self.sqs.send_message, QueueUrl=queue["QueueUrl"], MessageBody=json.dumps(report))


def event_record(record: Mapping[str, Any], stream_arn: str) -> Record:
    """A stream record in the form in which Lambda passes it on: JSON, binary in base64, times in Unix seconds."""
    change = dict(record["dynamodb"])
    change["ApproximateCreationDateTime"] = int(change["ApproximateCreationDateTime"].timestamp())
    return {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventVersion": record["eventVersion"],
        "eventSource": "aws:dynamodb",
        "awsRegion": aws.REGION,
        "dynamodb": _json_safe(change),
        "eventSourceARN": stream_arn,
    }


def _json_safe(value: Any) -> Any:
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case dict():
            return {name: _json_safe(inner) for name, inner in value.items()}
        case list():
            return [_json_safe(inner) for inner in value]
        case _:
            return value


def _sequence(record: Record) -> str:
    sequence: str = record["dynamodb"]["SequenceNumber"]
    return sequence


def _hash(record: Record) -> int:
    """The same for all records with one partition key, which every table here calls `pk`."""
    return crc32(json.dumps(record["dynamodb"]["Keys"]["pk"]).encode())


def _halves(batch: Sequence[Record]) -> list[Sequence[Record]]:
    middle = (len(batch) + 1) // 2
    return [half for half in (batch[:middle], batch[middle:]) if half]
