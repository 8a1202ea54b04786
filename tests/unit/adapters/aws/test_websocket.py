"""Sending to WebSocket connections: which answers of API Gateway mean that a client has gone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import cast

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.stub import Stubber

from flareflow.adapters.aws.websocket import ManagementApi, WebSocketConnections

URL = "https://abc.execute-api.us-east-1.amazonaws.com/live"


@dataclass
class Crowd:
    """API Gateway with many connections: some are gone, some take no text until `released`, some fail."""

    gone: Sequence[str] = ()
    slow: Sequence[str] = ()
    failing: Sequence[str] = ()
    sent: dict[str, list[bytes]] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    released: Event = field(default_factory=Event)
    was_waited_for: bool = False

    def post_to_connection(self, *, ConnectionId: str, Data: bytes) -> object:  # noqa: N803
        if ConnectionId in self.gone:
            raise ClientError({"Error": {"Code": "GoneException"}}, "PostToConnection")
        if ConnectionId in self.failing:
            raise ClientError({"Error": {"Code": "LimitExceededException"}}, "PostToConnection")
        if ConnectionId in self.slow:
            self.was_waited_for |= not self.released.wait(60)
            raise ReadTimeoutError(endpoint_url=URL)
        self.sent.setdefault(ConnectionId, []).append(Data)
        return {}

    def get_connection(self, *, ConnectionId: str) -> object:  # noqa: N803
        return self.post_to_connection(ConnectionId=ConnectionId, Data=b"")

    def delete_connection(self, *, ConnectionId: str) -> object:  # noqa: N803
        self.closed.append(ConnectionId)
        raise ClientError({"Error": {"Code": "InternalServerError"}}, "DeleteConnection")


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
    class Unreachable(Crowd):
        def post_to_connection(self, *, ConnectionId: str, Data: bytes) -> object:  # noqa: N803
            raise EndpointConnectionError(endpoint_url=URL)

    assert WebSocketConnections(Unreachable()).send("connection-1", "text")


def test_texts_are_sent_to_all_in_order_and_those_that_are_gone_are_named() -> None:
    crowd = Crowd(gone=["c1"], failing=["c2"])
    assert list(WebSocketConnections(crowd).broadcast(["c0", "c1", "c2", "c3"], ["a", "b"])) == ["c1"]
    assert crowd.sent == {"c0": [b"a", b"b"], "c3": [b"a", b"b"]}


def test_a_connection_that_takes_no_text_is_closed_so_that_nobody_waits_for_it_again() -> None:
    crowd = Crowd(slow=["c1"])
    crowd.released.set()
    assert list(WebSocketConnections(crowd).broadcast(["c0", "c1"], ["a", "b"])) == ["c1"]
    assert crowd.closed == ["c1"]
    assert crowd.sent == {"c0": [b"a", b"b"]}


def test_slow_connections_delay_no_other_and_end_with_the_time_for_all() -> None:
    # Given more connections than are sent to at once, of which some never answer
    names = [f"c{number}" for number in range(40)]
    crowd = Crowd(slow=names[:10])
    # When a text is sent to all
    gone = WebSocketConnections(crowd, broadcast_seconds_max=3).broadcast(names, ["a"])
    # Then all others have it
    assert (list(gone), sorted(crowd.sent)) == ([], sorted(names[10:]))
    assert not crowd.was_waited_for
    crowd.released.set()


@pytest.mark.parametrize(("connection_id", "is_open"), [("c0", True), ("c1", False), ("c2", True), ("c3", True)])
def test_only_a_connection_that_is_gone_is_not_open(connection_id: str, is_open: bool) -> None:
    crowd = Crowd(gone=["c1"], failing=["c2"], slow=["c3"])
    crowd.released.set()
    assert WebSocketConnections(crowd).is_open(connection_id) is is_open
