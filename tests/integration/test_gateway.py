"""The local gateway before real `awslambdaric` processes: every trigger, in the shapes that AWS sends."""

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from aws_lambda_powertools.utilities.parser.models import (
    ApiGatewayAuthorizerRequestV2,
    APIGatewayProxyEventV2Model,
    APIGatewayWebSocketConnectEventModel,
    APIGatewayWebSocketDisconnectEventModel,
    APIGatewayWebSocketMessageEventModel,
    DynamoDBStreamModel,
    EventBridgeModel,
    SqsModel,
)
from botocore.exceptions import ClientError
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from flareflow.adapters.aws.websocket import WebSocketConnections
from flareflow.realtime.ports import ConnectionSender
from infra.local.aws.gateway import http_api, websocket_api
from infra.local.ports import HOST, url
from tests.fakes.realtime import FakeConnectionSender
from tests.support.eventually import WAIT_SECONDS_MAX, eventually
from tests.support.gateway import Gateway

pytestmark = pytest.mark.stack


def test_a_request_becomes_a_version_2_event_and_its_answer_a_response(gateway: Gateway) -> None:
    # When
    response = gateway.http.post(
        "/echo/a%20b?x=1&x=2&y=z",
        json={"q": 1},
        headers=[("X-Twice", "1"), ("X-Twice", "2"), ("Cookie", "c=1; d=2")],
    )
    # Then
    event = response.json()
    APIGatewayProxyEventV2Model.model_validate(event)
    assert response.status_code == 201
    assert response.headers["x-probe"] == "yes"
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert event["routeKey"] == "POST /echo/{name}"
    assert event["pathParameters"] == {"name": "a b"}
    assert event["rawQueryString"] == "x=1&x=2&y=z"
    assert event["queryStringParameters"] == {"x": "1,2", "y": "z"}
    assert event["headers"]["x-twice"] == "1,2"
    assert event["cookies"] == ["c=1", "d=2"]
    assert (json.loads(event["body"]), event["isBase64Encoded"]) == ({"q": 1}, False)


def test_a_body_that_is_not_text_comes_in_base64(gateway: Gateway) -> None:
    event = gateway.http.post("/echo/x", content=b"\x00\x01").json()
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"\x00\x01"


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/do/return-a-list", 200, b"[1, 2]"),
        ("/do/binary", 200, b"\x00\x01\x02"),
        ("/do/fail", 500, b'{"message": "Internal Server Error"}'),
        ("/do/exit", 500, b'{"message": "Internal Server Error"}'),
        ("/do/sleep", 500, b'{"message": "Internal Server Error"}'),
        ("/do/malformed", 500, b'{"message": "Internal Server Error"}'),
        ("/nowhere", 404, b'{"message": "Not Found"}'),
        ("/nowhere/of%0Atwo/lines", 404, b'{"message": "Not Found"}'),
    ],
)
def test_answers_and_failures_look_as_api_gateway_sends_them(
    gateway: Gateway, path: str, status: int, body: bytes
) -> None:
    response = gateway.http.get(path)
    assert (response.status_code, response.content) == (status, body)


def test_a_body_above_10_mb_is_refused(gateway: Gateway) -> None:
    assert gateway.http.post("/echo/x", content=b" " * (10 * 1024 * 1024 + 1)).status_code == 413


def test_an_event_above_6_mb_is_refused_by_lambda(gateway: Gateway) -> None:
    client = gateway.client("lambda", "gateway_lambda")
    event = json.dumps({"text": " " * (6 * 1024 * 1024)}).encode()
    assert gateway.http.post("/echo/x", content=b" " * (6 * 1024 * 1024)).status_code == 413
    with pytest.raises(ClientError, match="RequestEntityTooLargeException"):
        client.invoke(FunctionName="HttpFunction", Payload=event)


def test_an_answer_above_6_mb_is_an_error_of_the_function(gateway: Gateway) -> None:
    # When
    client = gateway.client("lambda", "gateway_lambda")
    large = client.invoke(FunctionName="HttpFunction", Payload=b'{"pathParameters": {"action": "large"}}')
    # Then
    assert large["FunctionError"] == "Unhandled"
    assert json.load(large["Payload"])["errorType"] == "Function.ResponseSizeTooLarge"
    assert gateway.http.get("/do/large").status_code == 500
    # And the function goes on
    assert gateway.http.get("/do/binary").status_code == 200


def test_a_function_that_takes_longer_than_api_gateway_waits_is_unavailable(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_api, "INTEGRATION_SECONDS", 0.5)
    assert gateway.http.get("/do/sleep").status_code == 503


def test_a_function_that_does_not_start_says_why(gateway: Gateway) -> None:
    broken = gateway.client("lambda", "gateway_lambda").invoke(FunctionName="BrokenFunction", Payload=b"{}")
    assert broken["FunctionError"] == "Unhandled"
    assert json.load(broken["Payload"])["errorType"] == "Runtime.HandlerNotFound"


def test_the_authorizer_decides_and_its_context_reaches_the_function(gateway: Gateway) -> None:
    # When
    nobody = gateway.http.get("/mine")
    stranger = gateway.http.get("/mine", headers={"authorization": "Bearer other"})
    known = gateway.http.get("/mine", headers={"authorization": "Bearer known"})
    # Then
    assert (nobody.status_code, nobody.json()) == (401, {"message": "Unauthorized"})
    assert (stranger.status_code, stranger.json()) == (403, {"message": "Forbidden"})
    assert known.json()["requestContext"]["authorizer"] == {"lambda": {"address": "0x01"}}
    ApiGatewayAuthorizerRequestV2.model_validate(gateway.notes("AuthorizerFunction")[-1])


def test_a_preflight_is_answered_for_our_origin_only(gateway: Gateway) -> None:
    asked = {"Access-Control-Request-Method": "GET"}
    ours = gateway.http.options("/mine", headers={**asked, "Origin": "http://localhost:5173"})
    other = gateway.http.options("/mine", headers={**asked, "Origin": "http://evil.example"})
    assert (ours.status_code, ours.headers["access-control-allow-origin"]) == (204, "http://localhost:5173")
    assert "access-control-allow-origin" not in other.headers


def test_boto3_invokes_a_function_and_sees_its_errors(gateway: Gateway) -> None:
    # Given
    client = gateway.client("lambda", "gateway_lambda")
    # When
    good = client.invoke(FunctionName="SingleFunction", Payload=b'{"seconds": 0}')
    slow = client.invoke(FunctionName="SingleFunction", Payload=b'{"seconds": 30}')
    # Then
    assert (good["StatusCode"], json.load(good["Payload"])) == (200, "slept")
    assert "FunctionError" not in good
    assert slow["FunctionError"] == "Unhandled"
    assert "Task timed out after 5.00 seconds" in json.load(slow["Payload"])["errorMessage"]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.invoke(FunctionName="Nobody")


def test_reserved_concurrency_throttles_the_second_of_two_at_once(gateway: Gateway) -> None:
    def status(_: int) -> int:
        path = "/2015-03-31/functions/SingleFunction/invocations"
        return httpx.post(url("gateway_lambda") + path, json={"seconds": 1}, timeout=WAIT_SECONDS_MAX).status_code

    def at_once() -> list[int]:
        with ThreadPoolExecutor(2) as pool:
            return sorted(pool.map(status, range(2)))

    # on a busy machine the first may have ended before the second comes
    eventually(lambda: at_once() == [200, 429])


def test_an_event_invocation_is_answered_before_it_ran(gateway: Gateway) -> None:
    client = gateway.client("lambda", "gateway_lambda")
    event = json.dumps({"sent": "as event"}).encode()
    assert client.invoke(FunctionName="HttpFunction", InvocationType="Event", Payload=event)["StatusCode"] == 202
    eventually(lambda: {"sent": "as event"} in gateway.notes("HttpFunction"))


def test_a_schedule_fires_with_the_due_time(gateway: Gateway) -> None:
    ticks = eventually(lambda: (len(notes := gateway.notes("TickFunction")) >= 2 and notes) or None)
    assert EventBridgeModel.model_validate(ticks[0]).source == "aws.events"
    assert ticks[0]["resources"] == ["arn:aws:events:us-east-1:123456789012:rule/TickFunctionTick"]


def test_a_message_that_failed_alone_comes_again_alone(gateway: Gateway) -> None:
    # Given
    sqs, queue = gateway.client("sqs"), gateway.deployment.physical("Jobs").ref
    # When
    for body in ("good", "fails once"):
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    # Then
    eventually(lambda: len(gateway.records("QueueFunction")) >= 3)
    for event in gateway.notes("QueueFunction"):
        SqsModel.model_validate(event)
    assert sorted(record["body"] for record in gateway.records("QueueFunction")) == ["fails once", "fails once", "good"]


def order(**orders: int) -> None:
    """Order SQS to do what it seldom does."""
    httpx.post(f"{url('gateway_lambda')}/control/sqs", json=orders, timeout=WAIT_SECONDS_MAX).raise_for_status()


def test_a_message_that_was_handled_can_come_again(gateway: Gateway) -> None:
    # Given
    order(deliver_again=1)
    # When
    gateway.client("sqs").send_message(QueueUrl=gateway.deployment.physical("Jobs").ref, MessageBody="comes twice")
    # Then it is delivered twice, as one message
    eventually(lambda: len(_of_body(gateway, "comes twice")) == 2)
    first, second = _of_body(gateway, "comes twice")
    assert first["messageId"] == second["messageId"]
    assert [one["attributes"]["ApproximateReceiveCount"] for one in (first, second)] == ["1", "2"]


def _of_body(gateway: Gateway, body: str) -> list[dict[str, Any]]:
    return [record for record in gateway.records("QueueFunction") if record["body"] == body]


def test_an_entry_of_a_batch_can_fail_alone(gateway: Gateway) -> None:
    # Given
    order(fail_entries=1)
    queue = gateway.deployment.physical("Mail").ref
    entries = [{"Id": name, "MessageBody": name} for name in ("first", "last")]
    send = {"service": "sqs", "operation": "send_message_batch", "parameters": {"QueueUrl": queue, "Entries": entries}}
    # When a function sends two messages at once, and again
    lambdas = gateway.client("lambda", "gateway_lambda")
    answers = [lambdas.invoke(FunctionName="AllowedFunction", Payload=json.dumps(send).encode()) for _ in range(2)]
    # Then one of the first two failed
    assert [json.load(answer["Payload"])["failed"] for answer in answers] == [["last"], []]
    received = gateway.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert sorted(message["Body"] for message in received) == ["first", "first", "last"]


def test_a_message_that_always_fails_ends_in_the_dead_letter_queue(gateway: Gateway) -> None:
    # When
    sqs = gateway.client("sqs")
    sqs.send_message(QueueUrl=gateway.deployment.physical("Jobs").ref, MessageBody="fails always")
    # Then
    dead = gateway.deployment.physical("Dead").ref
    lost = eventually(lambda: sqs.receive_message(QueueUrl=dead).get("Messages"))
    assert lost[0]["Body"] == "fails always"


def test_stream_records_come_in_order_and_what_never_works_is_given_up(gateway: Gateway) -> None:
    # Given
    dynamodb, table = gateway.client("dynamodb", "dynamodb"), gateway.deployment.physical("Items").ref
    # When
    for key in ("first", "never taken", "last"):
        dynamodb.put_item(TableName=table, Item={"pk": {"S": key}, "blob": {"B": b"\x00"}})
    # Then
    queue = gateway.deployment.physical("GivenUp").ref
    sqs = gateway.client("sqs")
    lost = eventually(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    for event in gateway.notes("StreamFunction"):
        DynamoDBStreamModel.model_validate(event)
    assert gateway.records("StreamFunction")[0]["dynamodb"]["NewImage"]["blob"] == {"B": "AA=="}
    assert json.loads(lost[0]["Body"])["requestContext"]["approximateInvokeCount"] == 2


def test_a_connection_lives_from_connect_to_disconnect(gateway: Gateway) -> None:
    # When
    with gateway.connected("new") as (socket, connection_id):
        socket.send('{"action": "watch"}')
        socket.send('{"action": "unheard of"}')
        socket.send("no json")
        eventually(lambda: len(_notes_of(gateway, connection_id)) == 4)
    eventually(lambda: len(_notes_of(gateway, connection_id)) == 5)
    # Then
    first, *messages, gone = _notes_of(gateway, connection_id)
    APIGatewayWebSocketConnectEventModel.model_validate(first)
    for note in messages:
        APIGatewayWebSocketMessageEventModel.model_validate(note)
    APIGatewayWebSocketDisconnectEventModel.model_validate(gone)
    assert first["queryStringParameters"] == {"ticket": "new"}
    assert [note["requestContext"]["routeKey"] for note in messages] == ["watch", "$default", "$default"]


def _notes_of(gateway: Gateway, connection_id: str) -> list[dict[str, Any]]:
    """The events of a connection."""
    notes = gateway.notes("SocketFunction")
    return [note for note in notes if note["requestContext"]["connectionId"] == connection_id]


def test_a_refused_connect_fails_the_handshake(gateway: Gateway) -> None:
    with pytest.raises(InvalidStatus) as refused, gateway.connected("used"):
        pass
    assert (refused.value.response.status_code, refused.value.response.headers["Retry-After"]) == (401, "60")


def test_a_failing_route_tells_the_client(gateway: Gateway) -> None:
    with gateway.connected() as (socket, _):
        socket.send("fail")
        assert json.loads(socket.recv(WAIT_SECONDS_MAX))["message"] == "Internal server error"


def test_the_management_api_posts_describes_and_closes(gateway: Gateway) -> None:
    management = gateway.client("apigatewaymanagementapi", "gateway_websocket", "/live")
    with gateway.connected() as (socket, connection_id):
        # Given
        # When
        management.post_to_connection(ConnectionId=connection_id, Data=b"hello")
        # Then
        assert socket.recv(WAIT_SECONDS_MAX) == "hello"
        assert management.get_connection(ConnectionId=connection_id)["Identity"]["SourceIp"] == HOST
        management.delete_connection(ConnectionId=connection_id)
        with pytest.raises(ConnectionClosed):
            socket.recv(WAIT_SECONDS_MAX)
    with pytest.raises(management.exceptions.GoneException):
        management.post_to_connection(ConnectionId=connection_id, Data=b"hello")


def test_what_is_too_large_is_refused_in_both_directions(gateway: Gateway) -> None:
    management = gateway.client("apigatewaymanagementapi", "gateway_websocket", "/live")
    with pytest.raises(management.exceptions.PayloadTooLargeException):
        management.post_to_connection(ConnectionId="any", Data=b" " * (128 * 1024 + 1))
    with gateway.connected() as (socket, _):
        socket.send(" " * (32 * 1024 + 1))
        assert close_code(socket) == 1009


def test_a_message_of_128_kb_comes_in_frames_of_32_kb(gateway: Gateway) -> None:
    # Given a message with letters of two bytes, of which one lies across two frames
    text = "x" + "é" * (64 * 1024 - 1) + "y"
    management = gateway.client("apigatewaymanagementapi", "gateway_websocket", "/live")
    with gateway.connected() as (socket, connection_id):
        # When
        management.post_to_connection(ConnectionId=connection_id, Data=text.encode())
        # Then
        received = list(socket.recv_streaming(decode=False))
    assert [len(frame) for frame in received] == [32 * 1024] * 4
    assert b"".join(received).decode() == text


def test_a_binary_message_closes_the_connection(gateway: Gateway) -> None:
    with gateway.connected() as (socket, _):
        socket.send(b"binary")
        assert close_code(socket) == 1003


@pytest.mark.parametrize("limit", ["IDLE_SECONDS", "CONNECTION_SECONDS_MAX"])
def test_an_idle_or_old_connection_is_closed(gateway: Gateway, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket_api, limit, 0.5)
    with gateway.connected() as (socket, _):
        assert close_code(socket) == 1001


def close_code(socket: ClientConnection) -> int | None:
    """With which code the gateway closes the connection."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            socket.recv(WAIT_SECONDS_MAX)
    return closed.value.rcvd.code if closed.value.rcvd else None


@dataclass(frozen=True, slots=True)
class OpenConnection:
    """The `ConnectionSender` port with one open connection: what it received, and how it goes away."""

    sender: ConnectionSender
    connection_id: str
    received: Callable[[], object]
    leave: Callable[[], object]


@pytest.fixture(params=["fake", "gateway"])
def connection(request: pytest.FixtureRequest) -> Iterator[OpenConnection]:
    if request.param == "fake":
        fake = FakeConnectionSender()
        yield OpenConnection(fake, "c-1", fake.sent["c-1"].pop, lambda: fake.gone.add("c-1"))
        return
    gateway: Gateway = request.getfixturevalue("gateway")
    management = gateway.client("apigatewaymanagementapi", "gateway_websocket", "/live")
    with gateway.connected() as (socket, connection_id):
        sender = WebSocketConnections(management)
        yield OpenConnection(sender, connection_id, lambda: socket.recv(WAIT_SECONDS_MAX), socket.close)


def test_the_sender_reaches_an_open_connection_and_tells_one_that_is_gone(connection: OpenConnection) -> None:
    # Given an open connection
    assert connection.sender.send(connection.connection_id, '{"type":"usage.pending","model":"é"}')
    assert connection.received() == '{"type":"usage.pending","model":"é"}'
    assert connection.sender.is_open(connection.connection_id)
    assert list(connection.sender.broadcast([connection.connection_id], ["first"])) == []
    assert connection.received() == "first"
    # When its client leaves
    connection.leave()
    # Then the sender says so
    assert eventually(lambda: not connection.sender.send(connection.connection_id, "more"))
    assert not connection.sender.is_open(connection.connection_id)
    assert list(connection.sender.broadcast([connection.connection_id], ["more"])) == [connection.connection_id]
