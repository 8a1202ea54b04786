"""A batch of a DynamoDB stream is taken in order, and goes on from where it failed."""

from typing import Any

import pytest

from flareflow.changes import StreamChange
from flareflow.entrypoints.table_streams import each_in_order
from flareflow.errors import StorageUnavailableError


def record(number: int) -> dict[str, Any]:
    return {
        "eventID": f"event-{number}",
        "eventName": "MODIFY",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_763_985_600 + number,
            "Keys": {"pk": {"S": "SUB#7"}, "sk": {"S": "LIVE"}},
            "NewImage": {"pk": {"S": "SUB#7"}, "sk": {"S": "LIVE"}, "total": {"N": str(number)}},
            "SequenceNumber": str(1000 + number),
        },
    }


BATCH = {"Records": [record(number) for number in range(3)]}


def test_records_are_handled_in_order_as_plain_values() -> None:
    seen: list[StreamChange] = []
    assert each_in_order(BATCH, seen.append) == {"batchItemFailures": []}
    assert [change.event_id for change in seen] == ["event-0", "event-1", "event-2"]
    assert (seen[2].pk, seen[2].sk, seen[2].old) == ("SUB#7", "LIVE", None)
    assert seen[2].new is not None
    assert seen[2].new["total"] == 2


def test_nothing_after_a_failure_is_handled_and_the_stream_goes_on_from_it() -> None:
    handled: list[str] = []

    def fail_at_the_second(change: StreamChange) -> None:
        if change.event_id == "event-1":
            raise StorageUnavailableError("not now")
        handled.append(change.event_id)

    assert each_in_order(BATCH, fail_at_the_second) == {"batchItemFailures": [{"itemIdentifier": "1001"}]}
    assert handled == ["event-0"]


def test_a_mistake_of_ours_is_not_hidden() -> None:
    def stumble(change: StreamChange) -> None:
        raise KeyError(change.pk)

    with pytest.raises(KeyError):
        each_in_order(BATCH, stumble)
