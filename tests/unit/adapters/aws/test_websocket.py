"""Sending to WebSocket connections: which answers of API Gateway mean that a client has gone."""

from collections.abc import Iterator
from typing import cast

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.stub import Stubber

from flareflow.adapters.aws.websocket import ManagementApi, WebSocketConnections

URL = "https://abc.execute-api.us-east-1.amazonaws.com/live"


@pytest.fixture
def api() -> Iterator[Stubber]:
    """API Gateway's `@connections`, answering as botocore's service model says."""
    client = boto3.client(
        "apigatewaymanagementapi",
        region_name="us-east-1",
        endpoint_url=URL,
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    with Stubber(client) as stubber:
        yield stubber


def send(api: Stubber) -> bool:
    return WebSocketConnections(cast("ManagementApi", api.client)).send("connection-1", '{"type":"usage"}')


def test_a_message_is_posted_to_its_connection(api: Stubber) -> None:
    api.add_response("post_to_connection", {}, {"ConnectionId": "connection-1", "Data": b'{"type":"usage"}'})
    assert send(api)
    api.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "status", "is_there"),
    [
        ("GoneException", 410, False),
        ("LimitExceededException", 429, True),
        ("PayloadTooLargeException", 413, True),
        ("ForbiddenException", 403, True),
        ("InternalServerError", 500, True),
    ],
)
def test_only_gone_means_that_the_client_has_left(api: Stubber, code: str, status: int, is_there: bool) -> None:
    api.add_client_error("post_to_connection", service_error_code=code, http_status_code=status)
    assert send(api) is is_there


def test_a_network_failure_does_not_mean_that_the_client_has_left() -> None:
    class Unreachable:
        def post_to_connection(self, *, ConnectionId: str, Data: bytes) -> object:  # noqa: N803
            raise ConnectTimeoutError(endpoint_url=URL)

    assert WebSocketConnections(Unreachable()).send("connection-1", "text")
