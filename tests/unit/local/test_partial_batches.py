"""A batch of several items is never done in one request."""

import json
from typing import Any

import pytest

from infra.local.aws.gateway.partial_batches import PartialBatch

READ = "DynamoDB_20120810.BatchGetItem"
WRITE = "DynamoDB_20120810.BatchWriteItem"


def keys(*names: str) -> dict[str, Any]:
    return {"Keys": [{"pk": {"S": name}} for name in names], "ConsistentRead": True}


def puts(*names: str) -> list[dict[str, Any]]:
    return [{"PutRequest": {"Item": {"pk": {"S": name}}}} for name in names]


def split(target: str, items: dict[str, Any]) -> tuple[Any, Any]:
    """What is forwarded, and the whole answer to the caller."""
    batch = PartialBatch.of(target, json.dumps({"RequestItems": items}).encode())
    assert batch is not None
    return json.loads(batch.done)["RequestItems"], json.loads(batch.answer(b'{"Responses": {}}'))


def test_the_last_key_of_a_read_is_left_with_its_options() -> None:
    forwarded, answer = split(READ, {"t": keys("a", "b", "c")})
    assert forwarded == {"t": keys("a", "b")}
    assert answer == {"Responses": {}, "UnprocessedKeys": {"t": keys("c")}}


def test_the_last_item_of_a_write_is_left() -> None:
    forwarded, answer = split(WRITE, {"t": puts("a", "b")})
    assert forwarded == {"t": puts("a")}
    assert answer["UnprocessedItems"] == {"t": puts("b")}


def test_a_table_of_which_nothing_is_left_to_do_is_not_asked() -> None:
    forwarded, answer = split(READ, {"t": keys("a"), "u": keys("b")})
    assert forwarded == {"u": keys("b")}
    assert answer["UnprocessedKeys"] == {"t": keys("a")}


@pytest.mark.parametrize(
    ("target", "items"), [(READ, {"t": keys("a")}), (WRITE, {"t": puts("a")}), ("DynamoDB_20120810.Query", {})]
)
def test_a_single_item_and_anything_else_is_done_at_once(target: str, items: dict[str, Any]) -> None:
    assert PartialBatch.of(target, json.dumps({"RequestItems": items}).encode()) is None
