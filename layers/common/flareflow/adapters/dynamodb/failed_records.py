"""Records of a table's stream that a function has given up, read again to be driven again."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from flareflow.adapters.dynamodb.errors import translating
from flareflow.errors import StorageUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAGES_MAX: Final = 100
NOT_KEPT: Final = {"TrimmedDataAccessException", "ResourceNotFoundException"}
"""How DynamoDB says that a record is older than the 24 hours for which a stream keeps it."""

type Record = dict[str, Any]
"""A stream record as Lambda hands it to a function: JSON, binary in base64, times in Unix seconds."""


@dataclass(frozen=True, slots=True)
class FailedRecords:
    """Reads records by their place in a stream, each with its item as it is now.

    Later records of the same item were handled meanwhile. So the old image is what was before the record that failed,
    and the new image what is there now: together they tell all that nobody was told.
    """

    streams: Any  # boto3's client; its types are not installed
    tables: "DynamoDBClient"

    def read(self, stream_arn: str, shard_id: str, first: str, last: str) -> Iterator[Record]:
        """The records of a shard from one sequence number to another, both included, oldest first.

        Left out are those that the stream no longer keeps, and those whose items are gone.
        Raises StorageUnavailableError.
        """
        for record in self._records(stream_arn, shard_id, first):
            if int(record["dynamodb"]["SequenceNumber"]) > int(last):
                return
            present = self._present(stream_arn.split("/")[1], record["dynamodb"]["Keys"])
            if present is not None:
                yield _as_handed_over(record, present)
            if record["dynamodb"]["SequenceNumber"] == last:
                return

    def _records(self, stream_arn: str, shard_id: str, first: str) -> Iterator[Mapping[str, Any]]:
        place: Any = {"StreamArn": stream_arn, "ShardId": shard_id, "SequenceNumber": first}
        try:
            with translating("find the place of records in a stream"):
                found = self.streams.get_shard_iterator(ShardIteratorType="AT_SEQUENCE_NUMBER", **place)
            iterator = found.get("ShardIterator")
            for _ in range(PAGES_MAX):
                if iterator is None:
                    return
                with translating("read records of a stream"):
                    page = self.streams.get_records(ShardIterator=iterator)
                yield from page["Records"]
                iterator = page.get("NextShardIterator")
        except StorageUnavailableError as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and cause.response["Error"]["Code"] in NOT_KEPT:
                return
            raise
        raise StorageUnavailableError(f"{PAGES_MAX} pages of {shard_id} did not have all records after {first}")

    def _present(self, table: str, key: Any) -> Mapping[str, Any] | None:
        with translating("read the item of a record"):
            return self.tables.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")


def _as_handed_over(record: Mapping[str, Any], present: Mapping[str, Any]) -> Record:
    change = {**record["dynamodb"], "NewImage": present}
    change["ApproximateCreationDateTime"] = change["ApproximateCreationDateTime"].timestamp()
    return {"eventID": record["eventID"], "dynamodb": _in_json(change)}


def _in_json(value: Any) -> Any:
    match value:
        case bytes():
            return b64encode(value).decode()
        case dict():
            return {name: _in_json(inner) for name, inner in value.items()}
        case list():
            return [_in_json(inner) for inner in value]
        case _:
            return value
