"""What the contract tests of DynamoDB's adapters share."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.dynamodb import dynamodb, fresh_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    """DynamoDB Local."""
    with dynamodb():
        yield


@pytest.fixture
def table(server: None) -> Iterator["Table"]:
    """An empty table with the keys that all our tables have."""
    with fresh_table() as empty:
        yield empty
