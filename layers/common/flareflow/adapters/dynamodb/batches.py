"""Reading many items by their keys."""

import time
from collections.abc import Iterator, Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from flareflow.adapters.dynamodb.errors import translating
from flareflow.errors import StorageUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

KEYS_MAX: Final = 100
ATTEMPTS_MAX: Final = 5
PAUSE_SECONDS: Final = 0.05

type Item = dict[str, Any]


def read_items(table: "Table", partition_keys: Sequence[str], sort_key: str) -> Iterator[Item]:
    """The items that exist, strongly consistent, in no order.

    Raises StorageUnavailableError when DynamoDB leaves some of them out `ATTEMPTS_MAX` times.
    """
    for chunk in batched(partition_keys, KEYS_MAX, strict=False):
        yield from _read_chunk(table, [{"pk": key, "sk": sort_key} for key in chunk])


def _read_chunk(table: "Table", keys: list[dict[str, str]]) -> Iterator[Item]:
    wanted: Any = {table.name: {"Keys": keys, "ConsistentRead": True}}
    for attempt in range(ATTEMPTS_MAX):
        with translating(f"read {len(keys)} items"):
            answer = table.meta.client.batch_get_item(RequestItems=wanted)
        yield from answer["Responses"].get(table.name, [])
        wanted = answer["UnprocessedKeys"]
        if not wanted:
            return
        time.sleep(PAUSE_SECONDS * 2**attempt)
    raise StorageUnavailableError(f"DynamoDB left items out in {ATTEMPTS_MAX} attempts")
