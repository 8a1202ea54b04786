"""Reading many items: by their keys, or all that a query finds."""

from collections.abc import Iterator, Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import ConditionBase

from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.keys import Item
from flareflow.errors import BrokenRuleError, StorageUnavailableError
from flareflow.time import Pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

KEYS_MAX: Final = 100
ATTEMPTS_MAX: Final = 5
FIRST_PAUSE_SECONDS: Final = 0.05
QUERY_PAGES_MAX: Final = 1000


def read_items(table: "Table", keys: Sequence[Item], pause: Pause) -> Iterator[Item]:
    """Read the items with these keys that exist, strongly consistent, in no particular order.

    DynamoDB may leave keys unprocessed; they are asked for again, up to `ATTEMPTS_MAX` times with doubling pauses.
    Raises StorageUnavailableError when keys are left after that.
    """
    for chunk in batched(keys, KEYS_MAX, strict=False):
        yield from _read_chunk(table, chunk, pause)


def _read_chunk(table: "Table", keys: Sequence[Item], pause: Pause) -> Iterator[Item]:
    wanted: Any = {table.name: {"Keys": list(keys), "ConsistentRead": True}}
    for attempt in range(ATTEMPTS_MAX):
        with translating(f"read {len(keys)} items"):
            answer = table.meta.client.batch_get_item(RequestItems=wanted)
        yield from answer["Responses"].get(table.name, [])
        wanted = answer["UnprocessedKeys"]
        if not wanted:
            return
        pause(FIRST_PAUSE_SECONDS * 2**attempt)
    raise StorageUnavailableError(f"DynamoDB left keys unprocessed in {ATTEMPTS_MAX} attempts")


def query_pages(table: "Table", condition: ConditionBase, what: str) -> Iterator[Sequence[Item]]:
    """Read all items that a query finds, strongly consistent and in order, page by page.

    `what` completes the sentence "DynamoDB could not …". Raises BrokenRuleError beyond `QUERY_PAGES_MAX` pages.
    """
    query: dict[str, Any] = {"KeyConditionExpression": condition, "ConsistentRead": True}
    for _ in range(QUERY_PAGES_MAX):
        with translating(what):
            found = table.query(**query)
        yield found["Items"]
        if "LastEvaluatedKey" not in found:
            return
        query["ExclusiveStartKey"] = found["LastEvaluatedKey"]
    raise BrokenRuleError(f"there are more than {QUERY_PAGES_MAX} pages of items to {what}")
