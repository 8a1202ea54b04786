"""A fresh table in DynamoDB Local for each test that wants one."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING
from uuid import uuid4

from infra.local.aws import dynamodb_server
from infra.local.aws import session as aws
from infra.local.aws.gateway.template import Template
from infra.local.aws.provision import TABLE_PROPERTIES
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


@cache
def _template() -> Template:
    return Template.load({})


@contextmanager
def fresh_table(logical_id: str = "AccountsTable") -> Iterator["Table"]:
    """An empty table like that of the template; all have the same keys, only some have indexes."""
    properties = _template().resources[logical_id]["Properties"]
    table = (
        aws.session()
        .resource("dynamodb", endpoint_url=url("dynamodb"))
        .create_table(
            TableName=f"test-{uuid4()}", **{name: properties[name] for name in TABLE_PROPERTIES if name in properties}
        )
    )
    try:
        yield table
    finally:
        table.delete()
