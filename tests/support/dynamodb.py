"""A fresh table in DynamoDB Local for each test that wants one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from infra.local import dynamodb_server
from infra.local.gateway import aws
from infra.local.ports import url

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


@contextmanager
def dynamodb() -> Iterator[None]:
    """DynamoDB Local is running; it is stopped again if it was not before."""
    server = dynamodb_server.server()
    was_running = server.process() is not None
    server.start()
    try:
        yield
    finally:
        if not was_running:
            server.stop()


@contextmanager
def fresh_table() -> Iterator["Table"]:
    """An empty table with the keys that all our tables have, without indexes."""
    table = (
        aws.session()
        .resource("dynamodb", endpoint_url=url("dynamodb"))
        .create_table(
            TableName=f"test-{uuid4()}",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
    )
    try:
        yield table
    finally:
        table.delete()
