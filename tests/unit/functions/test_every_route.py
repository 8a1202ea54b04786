"""Rules that hold on every route of the HTTP API, whatever function is behind it."""

import base64
import importlib
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import pytest

from flareflow.entrypoints.requests import CONSOLE
from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.routing import Route, RouteTable
from tests.support.deployment import deployment_of, template_source
from tests.support.functions import CONTEXT, Answer

OPERATOR: Final = "arn:aws:iam::123456789012:user/alice"
NOT_UTF8: Final = base64.b64encode(b'{"alias": "\xff\xfe"}').decode()


@cache
def deployment() -> Deployment:
    return deployment_of(template_source())


def routes() -> list[Route]:
    return list(RouteTable.of(deployment().http_api[1]).routes)


def folder_of(route: Route) -> str:
    return deployment().functions[route.function].code.name


class Untouched:
    """A use case that no refused request may reach."""

    def __getattr__(self, name: str) -> Any:
        def called(*given: object, **named: object) -> None:
            raise AssertionError(f"{name}({given}, {named}) was called for a request that is to be refused")

        return called


@pytest.fixture(params=routes(), ids=lambda route: route.key)
def route(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Route:
    """Each route of the template; the use cases of its function fail the test when they are called."""
    found: Route = request.param
    module = importlib.import_module(f"functions.{folder_of(found)}.app")
    for name, value in vars(module).items():
        if getattr(value, "__module__", "").startswith("flareflow.bootstrap"):
            monkeypatch.setattr(module, name, Untouched)
    return found


def event_of(route: Route, **changes: object) -> dict[str, Any]:
    """A request of the route, signed in where that is needed, with every variable of the path 7."""
    path = route.path
    for name in route.path_parameters(route.path) or {}:
        path = path.replace(f"{{{name}}}", "7").replace(f"{{{name}+}}", "health")
    signed_in = {"authorizer": _sender(route)} if route.authorizer else {}
    context = {
        "requestId": "request-1",
        "routeKey": route.key,
        "stage": "$default",
        "http": {"method": route.method, "path": path, "sourceIp": "192.0.2.1"},
    }
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {},
        "isBase64Encoded": False,
        "requestContext": context | signed_in,
        **changes,
    }


def _sender(route: Route) -> dict[str, Any]:
    """Who the authorizer of a route has found."""
    if route.authorizer and route.authorizer.is_iam:
        return {"iam": {"userArn": OPERATOR}}
    return {"lambda": {"address": "0x00000000000a11ce", "is_operator": route.path.startswith(f"{CONSOLE}/")}}


def sent(route: Route, event: dict[str, Any]) -> Answer:
    answer = importlib.import_module(f"functions.{folder_of(route)}.app").handler(event, CONTEXT)
    return Answer(answer["statusCode"], answer["body"], answer["headers"])


def is_problem(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.body["code"], answer.body["request_id"]) == (status, code, "request-1")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_body_that_is_not_utf8_is_refused(route: Route) -> None:
    is_problem(sent(route, event_of(route, body=NOT_UTF8, isBase64Encoded=True)), 400, "invalid_request")


def test_a_body_that_is_not_base64_is_refused(route: Route) -> None:
    is_problem(sent(route, event_of(route, body="not base64!", isBase64Encoded=True)), 400, "invalid_request")


def test_a_header_that_is_not_utf8_is_refused(route: Route) -> None:
    event = event_of(route, headers={"authorization": "Bearer \udcff\udcfe"})
    is_problem(sent(route, event), 400, "invalid_request")


@pytest.mark.parametrize("part", ["rawPath", "rawQueryString"])
def test_an_address_longer_than_any_that_exists_is_refused(route: Route, part: str) -> None:
    event = event_of(route)
    event[part] += "9" * 5_000
    is_problem(sent(route, event), 400, "invalid_request")


def test_a_body_longer_than_any_route_takes_is_refused(route: Route) -> None:
    is_problem(sent(route, event_of(route, body="1" * (5 * 1024 * 1024 + 1))), 400, "invalid_request")


def private_routes() -> Iterator[Route]:
    return (route for route in routes() if route.authorizer and not route.authorizer.is_iam)


def operator_routes() -> Iterator[Route]:
    return (route for route in routes() if route.authorizer and route.authorizer.is_iam)


@pytest.mark.parametrize("route", operator_routes(), ids=lambda route: route.key, indirect=True)
@pytest.mark.parametrize("found", [{}, {"iam": None}, {"iam": {}}, {"lambda": {"address": "0x00000000000a11ce"}}])
def test_a_route_of_operators_is_403_without_a_signer(route: Route, found: object) -> None:
    # Given a request without an identity of IAM, be it that of an account that is signed in
    event = event_of(route)
    event["requestContext"]["authorizer"] = found
    # Then the function refuses before it reads anything
    is_problem(sent(route, event), 403, "operators_only")


def console_routes() -> Iterator[Route]:
    return (route for route in routes() if route.path.startswith(f"{CONSOLE}/"))


@pytest.mark.parametrize("route", console_routes(), ids=lambda route: route.key, indirect=True)
@pytest.mark.parametrize("found", [{}, {"is_operator": False}, {"is_operator": None}, {"is_operator": "false"}])
def test_a_route_of_the_operators_page_does_not_exist_for_others(route: Route, found: dict[str, object]) -> None:
    # Given a session of an account that the authorizer has not found among the operators'
    event = event_of(route)
    event["requestContext"]["authorizer"] = {"lambda": {"address": "0x00000000000a11ce", **found}}
    # Then the function answers as for a path that nobody has, before it reads anything
    is_problem(sent(route, event), 404, "route_not_found")


@pytest.mark.parametrize("route", console_routes(), ids=lambda route: route.key, indirect=True)
def test_a_signature_of_iam_opens_no_route_of_the_operators_page(route: Route) -> None:
    event = event_of(route)
    event["requestContext"]["authorizer"] = {"iam": {"userArn": OPERATOR}}
    is_problem(sent(route, event), 401, "sign_in_required")


@pytest.mark.parametrize("route", private_routes(), ids=lambda route: route.key, indirect=True)
@pytest.mark.parametrize("found", [None, {}, {"address": ""}, {"address": None}])
def test_a_route_of_accounts_is_401_without_a_session(route: Route, found: object) -> None:
    # Given an authorizer that has found no session, whatever form API Gateway gives its empty answer
    event = event_of(route)
    event["requestContext"]["authorizer"] = {"lambda": found}
    # Then the function refuses before it reads anything
    is_problem(sent(route, event), 401, "sign_in_required")


def test_a_refusal_is_logged_with_who_and_why_and_without_secrets(
    route: Route, caplog: pytest.LogCaptureFixture
) -> None:
    # Given a request with secrets in every place, that is refused
    secret = "a-secret-of-the-caller"
    event = event_of(route, headers={"authorization": f"Bearer {secret}"}, body=f"\udcff{secret}")
    event["rawQueryString"] = f"ticket={secret}"
    # When it is answered
    sent(route, event)
    # Then the log names the route, the code and the source, and holds nothing that the caller wrote
    [line] = [vars(record) for record in caplog.records if record.message == "request refused"]
    assert (line["route"], line["code"], line["status"]) == (route.key, "invalid_request", 400)
    assert line["source_ip"] == "192.0.2.1"
    sender = _sender(route)
    known = sender["iam"]["userArn"] if "iam" in sender else sender["lambda"]["address"]
    assert line["account"] == (known if route.authorizer else None)
    assert not [record for record in caplog.records if secret in str(vars(record))]
