"""DynamoDB's batches, done in part: the last of several items is left for the next request.

DynamoDB may leave out any items of a batch, under load or above 16 MB, and names them as unprocessed. DynamoDB Local
never does. Here it happens to every batch of several items, so that no function can do without asking again.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
"""

import json
from dataclasses import dataclass
from typing import Any, Final, Self

LEFT_OVER: Final = {"BatchGetItem": "UnprocessedKeys", "BatchWriteItem": "UnprocessedItems"}


@dataclass(frozen=True, slots=True)
class PartialBatch:
    """A batch without its last item: `done` is the request to forward, `left` what the answer names as unprocessed."""

    done: bytes
    left: dict[str, Any]
    field: str

    @classmethod
    def of(cls, target: str, body: bytes) -> Self | None:
        """None for a request that is no batch of several items."""
        operation = target.rpartition(".")[2]
        if operation not in LEFT_OVER:
            return None
        request = json.loads(body)
        asked = request["RequestItems"]
        counts = {table: len(_items(part)) for table, part in asked.items()}
        if sum(counts.values()) <= 1:
            return None
        table = max(counts, key=lambda name: counts[name])
        left = {table: _with(asked[table], _items(asked[table])[-1:])}
        done = {**asked, table: _with(asked[table], _items(asked[table])[:-1])}
        kept = {name: part for name, part in done.items() if _items(part)}
        return cls(json.dumps({**request, "RequestItems": kept}).encode(), left, LEFT_OVER[operation])

    def answer(self, content: bytes) -> bytes:
        """The answer of DynamoDB Local, with the item that was left out."""
        answer = json.loads(content)
        return json.dumps({**answer, self.field: {**answer.get(self.field, {}), **self.left}}).encode()


def _items(part: Any) -> list[Any]:
    """The keys that are read, or the requests that are written, of one table."""
    items: list[Any] = part["Keys"] if isinstance(part, dict) else part
    return items


def _with(part: Any, items: list[Any]) -> Any:
    return {**part, "Keys": items} if isinstance(part, dict) else items
