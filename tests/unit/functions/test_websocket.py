"""The function behind the WebSocket API."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import pytest

from flareflow.entrypoints.websocket import Routes
from flareflow.errors import RequestError, TooManyRequestsError, UnauthenticatedError
from tests.support.functions import Function, Load, sample

REFUSALS: Final[Mapping[str, RequestError]] = {
    "unknown": UnauthenticatedError("unknown_ticket", "not ours"),
    "the sixth": TooManyRequestsError("five are open", 60, code="too_many_connections"),
}


def refuse(_connection_id: str, ticket: str) -> None:
    raise REFUSALS[ticket]


@pytest.fixture
def watched() -> list[tuple[str, int, int | None]]:
    return []


@pytest.fixture
def websocket(load: Load, watched: list[tuple[str, int, int | None]]) -> Function:
    routes = Routes(
        limit=lambda *_: None,
        connect=refuse,
        watch=lambda *wanted: watched.append(wanted),
        ping=lambda _: None,
        disconnect=lambda _: None,
        refuse=lambda *_: None,
    )
    return load("websocket", routes=routes)


def test_the_sample_message_watches_a_subscription(
    websocket: Function, watched: list[tuple[str, int, int | None]]
) -> None:
    event = sample("websocket")
    assert websocket.handle(event) == {"statusCode": HTTPStatus.OK.value}
    assert watched == [(event["requestContext"]["connectionId"], 7, 0)]


@pytest.mark.parametrize(
    ("ticket", "answer"),
    [
        ("unknown", {"statusCode": HTTPStatus.UNAUTHORIZED.value}),
        ("the sixth", {"statusCode": HTTPStatus.TOO_MANY_REQUESTS.value, "headers": {"Retry-After": "60"}}),
    ],
)
def test_a_refused_connect_answers_its_status_and_when_to_come_back(
    websocket: Function, ticket: str, answer: dict[str, Any]
) -> None:
    event = sample("websocket") | {"queryStringParameters": {"ticket": ticket}}
    event["requestContext"]["routeKey"] = "$connect"
    assert websocket.handle(event) == answer
