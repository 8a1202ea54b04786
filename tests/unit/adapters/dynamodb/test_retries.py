"""Keys that were left out and writes that lost a race are tried again after a pause, a limited number of times."""

from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError

from flareflow.adapters.dynamodb import batches, usage_writer
from flareflow.adapters.dynamodb.batches import read_items
from flareflow.adapters.dynamodb.connections import DynamoTickets
from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.key_owner_kinds import KEY_OWNER
from flareflow.adapters.dynamodb.statements import DynamoStatements
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.dynamodb.usage_kinds import EPOCH_SHARD
from flareflow.adapters.dynamodb.usage_writer import UsageWriter
from flareflow.errors import RaceLostError, StorageUnavailableError
from flareflow.statements.models import Statement
from tests.fakes.metering import NOW, FakePriceBooks, row

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


@dataclass
class Client:
    """A DynamoDB client whose batches leave out all but the first key, and whose transactions fail as told."""

    leaves_out: int = 0
    failures: list[ClientError] = field(default_factory=list)
    asked: list[list[Any]] = field(default_factory=list)
    writes: int = 0

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 (boto3's name)
        keys = RequestItems["table"]["Keys"]
        self.asked.append(keys)
        if len(self.asked) > self.leaves_out:
            return {"Responses": {"table": keys}, "UnprocessedKeys": {}}
        return {"Responses": {"table": keys[:1]}, "UnprocessedKeys": {"table": {"Keys": keys[1:]}}}

    def transact_write_items(self, **_: object) -> None:
        self.writes += 1
        if self.failures:
            raise self.failures.pop(0)


@dataclass
class Pauses:
    """A pause that only notes its length, in seconds."""

    lengths: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.lengths.append(seconds)


def table(client: Client) -> "Table":
    put: Callable[..., None] = lambda **_: None  # noqa: E731
    writer: Callable[..., object] = lambda: nullcontext(SimpleNamespace(put_item=put))  # noqa: E731
    meta = SimpleNamespace(client=client)
    return cast("Table", SimpleNamespace(name="table", put_item=put, batch_writer=writer, meta=meta))


def cancelled(reason: str) -> ClientError:
    answer: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": [{"Code": reason}]}
    return ClientError(answer, "TransactWriteItems")


KEYS = [KEY_OWNER.key(key_hash=f"{number}") for number in range(4)]


def test_keys_that_were_left_out_are_asked_for_again() -> None:
    # Given a table that leaves keys out twice
    client, pause = Client(leaves_out=2), Pauses()
    # When they are read
    found = list(read_items(table(client), KEYS, pause))
    # Then all are there, and the pauses grew
    assert found == KEYS
    assert client.asked == [KEYS, KEYS[1:], KEYS[2:]]
    assert pause.lengths == [0.05, 0.1]


def test_reading_ends_when_keys_are_left_out_too_often() -> None:
    keys = [KEY_OWNER.key(key_hash=f"{number}") for number in range(50)]
    client = Client(leaves_out=1_000)
    with pytest.raises(StorageUnavailableError):
        list(read_items(table(client), keys, Pauses()))
    assert len(client.asked) == batches.ATTEMPTS_MAX


def usage_in(client: Client, pause: Pauses, monkeypatch: pytest.MonkeyPatch) -> DynamoUsageEvents:
    """Usage events over a table that holds nothing but the open epoch."""
    nothing: Callable[..., object] = lambda *_: iter(())  # noqa: E731
    shard: Callable[..., object] = lambda *_: iter([EPOCH_SHARD.key(shard=1) | {"epoch": 5}])  # noqa: E731
    monkeypatch.setattr(usage_writer, "read_items", shard)
    monkeypatch.setattr(UsageWriter, "_query", nothing)
    return DynamoUsageEvents(table(client), pause, FakePriceBooks())


@pytest.mark.parametrize("reason", ["ConditionalCheckFailed", "TransactionConflict"])
def test_rows_that_lost_a_race_are_written_again(monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    client, pause = Client(failures=[cancelled(reason)] * 2), Pauses()
    assert usage_in(client, pause, monkeypatch).count([row("a")], NOW).counted == 1
    assert client.writes == 3
    assert pause.lengths == [0, usage_writer.PAUSE_SECONDS, 2 * usage_writer.PAUSE_SECONDS]


def test_rows_that_lose_every_race_raise_it(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(failures=[cancelled("TransactionConflict")] * 100)
    with pytest.raises(RaceLostError):
        usage_in(client, Pauses(), monkeypatch).count([row("a")], NOW)
    assert client.writes == usage_writer.ATTEMPTS_MAX


def test_the_rows_of_others_are_written_alone_after_a_lost_race(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given two subscriptions of one shard, whose common transaction loses its race
    client = Client(failures=[cancelled("TransactionConflict")])
    # When their rows are counted
    rows = [row("a", subscription_id=1), row("b", subscription_id=17)]
    assert usage_in(client, Pauses(), monkeypatch).count(rows, NOW).counted == 2
    # Then each has a transaction of its own
    assert client.writes == 3


def test_an_outage_is_raised_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(failures=[cancelled("ThrottlingError")])
    with pytest.raises(StorageUnavailableError):
        usage_in(client, Pauses(), monkeypatch).count([row("a")], NOW)
    assert client.writes == 1


@pytest.mark.parametrize(("reason", "closes_tried"), [("TransactionConflict", 3), ("ConditionalCheckFailed", 1)])
def test_closing_an_epoch_is_tried_again_only_after_a_conflict(reason: str, closes_tried: int) -> None:
    client, pause = Client(failures=[cancelled(reason)] * 2), Pauses()
    epochs = DynamoEpochUsage(table(client), pause)
    with suppress(RaceLostError):
        epochs.close(5, 6)
    assert client.writes == closes_tried


def test_a_conflict_while_sealing_is_a_race_and_no_second_statement() -> None:
    # Given another transaction that writes the same statement at this moment
    client = Client(failures=[cancelled("TransactionConflict")])
    statement = Statement(1_000, 0, 300, b"\x01" * 32, b"\x02" * 32, 1, 1, b"\x03" * 32, *[bytes(32)] * 3)
    # When it is sealed, Then nothing is said of what the other has written
    with pytest.raises(RaceLostError):
        DynamoStatements(table(client)).put(statement)


def test_a_conflict_on_a_ticket_does_not_use_it_up() -> None:
    # Given a ticket that a transaction is writing at this moment
    def conflict(**_: object) -> None:
        raise ClientError({"Error": {"Code": "TransactionConflictException"}}, "DeleteItem")

    tickets = DynamoTickets(cast("Table", SimpleNamespace(delete_item=conflict)))
    # When it is consumed, Then this is no answer about the ticket
    with pytest.raises(RaceLostError):
        tickets.consume("ab" * 32, NOW)
