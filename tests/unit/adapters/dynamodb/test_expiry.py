"""When DynamoDB may delete an item: every `expires_at` that is written, as the exact number of Unix seconds."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from flareflow.accounts.models import Session
from flareflow.adapters.dynamodb.accounts import DynamoNonces, DynamoSessions
from flareflow.adapters.dynamodb.cases import DynamoCases
from flareflow.adapters.dynamodb.connections import DynamoConnections, DynamoTickets
from flareflow.adapters.dynamodb.limits import DynamoRequestCounts
from flareflow.adapters.dynamodb.messages import DynamoMessages
from flareflow.adapters.dynamodb.reading_progress import DynamoReadingProgress
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.inputs import Client
from flareflow.metering.cases import Case, CaseKind
from flareflow.realtime.models import Connection, Log, MessageType, Notification
from tests.fakes.metering import FakePriceBooks, record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

REGION = "us-east-1"
AT_TEN = datetime(2026, 11, 24, 10, 0, 0, 999_999, tzinfo=UTC)
AT_TEN_SECONDS = 1_795_514_400


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator["Table"]:
    """A table in memory with the keys that all our tables have."""
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, REGION)
    with mock_aws():
        yield boto3.resource("dynamodb", region_name=REGION).create_table(
            TableName="table",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
        )


def expiries(table: "Table") -> dict[tuple[object, object], object]:
    """`expires_at` of every item, None where it has none."""
    return {(item["pk"], item["sk"]): item.get("expires_at") for item in table.scan()["Items"]}


def test_nonces_sessions_and_tickets_expire_at_their_end(table: "Table") -> None:
    DynamoNonces(table).put("n", AT_TEN)
    session = Session.new("s", "0x01", Client("192.0.2.1", "a browser"), AT_TEN)
    DynamoSessions(table).open(session)
    DynamoTickets(table).put("t", "0x01", AT_TEN)
    assert expiries(table) == {
        ("NONCE#n", "NONCE"): AT_TEN_SECONDS,
        ("ACCOUNT#0x01", "SESSION#s"): AT_TEN_SECONDS,
        ("TICKET#t", "TICKET"): AT_TEN_SECONDS,
    }


def test_a_count_of_requests_expires_with_its_window(table: "Table") -> None:
    counts = DynamoRequestCounts(table)
    for _ in range(2):
        counts.count("route#sender", AT_TEN, 9)
    assert expiries(table) == {("REQUESTS#route#sender", f"UNTIL#{AT_TEN_SECONDS}"): AT_TEN_SECONDS}


def test_a_connection_and_what_it_watches_expire_at_their_end(table: "Table") -> None:
    connections, connection = DynamoConnections(table), Connection("c", "0x01", AT_TEN)
    connections.add(connection)
    connections.watch(connection, 7)
    assert expiries(table) == {
        ("CONNECTION#c", "CONNECTION"): AT_TEN_SECONDS,
        ("ADDRESS#0x01", "CONNECTION#c"): AT_TEN_SECONDS,
        ("CONNECTION#c", "SUB#7"): AT_TEN_SECONDS,
        ("WATCH#7", "CONNECTION#c"): AT_TEN_SECONDS,
        ("WATCHED", "SUB#00000000000000000007"): AT_TEN_SECONDS + 7_200,
    }


def test_a_mark_that_messages_are_stored_expires_at_its_end(table: "Table") -> None:
    connections, connection = DynamoConnections(table), Connection("c", "0x01", AT_TEN)
    connections.watch(connection, 7)
    connections.remove("c", AT_TEN - timedelta(hours=1), AT_TEN)
    assert expiries(table)["WATCH#7", "RECORDED"] == AT_TEN_SECONDS


def test_messages_expire_after_a_day_and_their_numbering_never(table: "Table") -> None:
    # When a message is stored
    notification = Notification(MessageType.BALANCE_CHANGED, 7, AT_TEN, {})
    DynamoMessages(table).append(Log(), [notification], {}, AT_TEN)
    # Then it goes after 86,400 seconds, and the log of the numbers stays
    assert expiries(table) == {
        ("MESSAGES#7", "SEQUENCE#00000000000000000001"): AT_TEN_SECONDS + 86_400,
        ("MESSAGES#7", "LOG"): None,
    }


def test_numbers_of_rows_expire_after_ten_days_and_cases_never(table: "Table") -> None:
    DynamoReadingProgress(table, time.sleep).record({AT_TEN: 3})
    DynamoCases(table, time.sleep).open([Case(CaseKind.ROW, "key_unknown", "1", AT_TEN)])
    assert expiries(table) == {
        ("READ#300", "FROM#2026-11-24T10:00:00.999999Z"): AT_TEN_SECONDS + 864_000,
        ("CASES#OPEN", "row#key_unknown#1"): None,
    }


def test_a_mark_of_unconfirmed_records_expires_after_90_days(table: "Table") -> None:
    DynamoUsageEvents(table, time.sleep, FakePriceBooks()).record([record("call-1")], AT_TEN)
    marks = {key: expiry for key, expiry in expiries(table).items() if key[0] == "UNCONFIRMED"}
    assert marks == {("UNCONFIRMED", "2026-11-24T10:00:00.999999Z#SUB#1"): AT_TEN_SECONDS + 7_776_000}
