"""The function behind the WebSocket API."""

from http import HTTPStatus

import pytest

from flareflow.entrypoints.websocket import Routes
from flareflow.errors import UnauthenticatedError
from tests.support.functions import Function, Load, sample


def refuse(_connection_id: str, _ticket: str) -> None:
    raise UnauthenticatedError("unknown_ticket", "not ours")


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


def test_a_refused_connect_answers_its_status(websocket: Function) -> None:
    event = sample("websocket")
    event["requestContext"]["routeKey"] = "$connect"
    assert websocket.handle(event) == {"statusCode": HTTPStatus.UNAUTHORIZED.value}
