"""A fresh table in DynamoDB Local for each test that wants one."""

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from flareflow.adapters.dynamodb.tables import TABLES
from infra.local.aws import dynamodb_server
from infra.local.aws import session as aws
from infra.local.aws.provision import table_definition
from infra.local.ports import url
from tests.support.deployment import template_source
from tests.support.servers import ports_apart, running

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


PORTS_APART: Final = 300


@contextmanager
def dynamodb() -> Iterator[None]:
    """DynamoDB Local runs inside, on a port of the tests' own."""
    with ports_apart(PORTS_APART), running(dynamodb_server.server()):
        yield


@contextmanager
def fresh_table(logical_id: str = "AccountsTable", extra_attributes: Set[str] = frozenset()) -> Iterator["Table"]:
    """An empty table like that of the template; all have the same keys, only some have indexes.

    At the end every item in it must be of a kind that `tables` knows, and have no other attributes.
    """
    properties = template_source()["Resources"][logical_id]["Properties"]
    table = (
        aws.session()
        .resource("dynamodb", endpoint_url=url("dynamodb"))
        .create_table(TableName=f"test-{uuid4()}", **table_definition(properties))
    )
    try:
        yield table
        for item in table.scan()["Items"]:
            _check_documented(item, extra_attributes)
    finally:
        table.delete()


def _check_documented(item: Mapping[str, Any], extra_attributes: Set[str]) -> None:
    kinds = [kind for layout in TABLES for kind in layout.items if kind.matches(item)]
    documented = {"pk", "sk"}.union(*(kind.attributes for kind in kinds), extra_attributes)
    assert kinds, f"no kind in `tables` has the key {item['pk']} / {item['sk']}"
    assert item.keys() <= documented, f"`tables` does not name {item.keys() - documented} of {item['pk']}"
