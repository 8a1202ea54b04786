"""The limits of the HTTP API's routes: 429 with `Retry-After`, by account or by source address."""

import importlib
from datetime import timedelta

import pytest

from flareflow.entrypoints.limits import CONNECT, LIMITS, WATCH, LimitRoutes, Sender
from flareflow.errors import StorageUnavailableError
from flareflow.limits import LimitRequests
from infra.local.aws.gateway.routing import Route
from tests.fakes.accounts import FakeClock, FakeRequestCounts
from tests.support.functions import Answer
from tests.unit.functions.test_every_route import event_of, folder_of, routes, sent

GATE = ("POST /internal/usage", "POST /internal/credit", "POST /internal/credit/keys")
"""Routes of the gate, which shows a secret. It sends as much as its callers need."""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=[route for route in routes() if route.key in LIMITS], ids=lambda route: route.key)
def route(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> Route:
    """Each limited route. Its function counts in memory, and does nothing else but fail."""
    found: Route = request.param
    module = importlib.import_module(f"functions.{folder_of(found)}.app")
    counts = FakeRequestCounts()
    monkeypatch.setattr(module.app, "limits", LimitRoutes(lambda: LimitRequests(counts, clock)))
    for name, value in vars(module).items():
        if getattr(value, "__module__", "").startswith("flareflow.bootstrap"):
            monkeypatch.setattr(module, name, lambda: None)
    return found


def ask(route: Route, source_ip: str = "192.0.2.1", account: str = "0x00000000000a11ce", **headers: str) -> Answer:
    event = event_of(route, headers=headers)
    event["requestContext"]["http"]["sourceIp"] = source_ip
    if route.authorizer and route.authorizer.is_iam:
        event["requestContext"]["authorizer"]["iam"]["userArn"] = f"arn:aws:iam::123456789012:user/{account}"
    elif route.authorizer:
        event["requestContext"]["authorizer"]["lambda"]["address"] = account
    return sent(route, event)


def use_up(route: Route) -> None:
    for _ in range(LIMITS[route.key].most):
        assert ask(route).status != 429


def test_every_route_that_stores_or_costs_something_has_a_limit() -> None:
    posts = {route.key for route in routes() if route.method in {"POST", "PUT", "PATCH"}}
    assert posts - set(GATE) <= LIMITS.keys() <= {CONNECT, WATCH, *(route.key for route in routes())}


def test_one_request_too_many_is_429_until_the_next_minute(route: Route, clock: FakeClock) -> None:
    # Given a sender that has made as many requests as it may
    use_up(route)
    # When it makes one more
    refused = ask(route)
    # Then it is told when to come back, and may go on then
    assert (refused.status, refused.body["code"], refused.headers["Retry-After"]) == (429, "too_many_requests", "60")
    clock.advance(timedelta(seconds=60))
    assert ask(route).status != 429


def test_a_request_that_cannot_be_counted_is_not_served(route: Route, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a table of counts that does not answer
    def fail(*_: object) -> bool:
        raise StorageUnavailableError("DynamoDB could not count a request")

    monkeypatch.setattr(FakeRequestCounts, "count", fail)
    # When a request comes, Then it is asked to come again
    refused = ask(route)
    assert (refused.status, refused.body["code"]) == (503, "temporarily_unavailable")
    assert refused.headers["Retry-After"] == "5"


def test_another_sender_is_counted_apart(route: Route) -> None:
    # Given a sender that has used up its minute
    use_up(route)
    # Then another account, or another source where nobody is signed in, is not concerned, and nothing else makes one
    by_account = LIMITS[route.key].sender is Sender.ACCOUNT
    assert (ask(route, account="0x0000000000000b0b").status != 429) is by_account
    assert (ask(route, source_ip="198.51.100.7").status != 429) is not by_account


def test_headers_make_no_other_sender(route: Route) -> None:
    use_up(route)
    claims = ("x-forwarded-for", "forwarded", "x-real-ip", "cloudfront-viewer-address", "true-client-ip")
    for claim in claims:
        assert ask(route, **{claim: "203.0.113.9"}).status == 429


def test_a_limit_is_by_account_exactly_where_accounts_are_signed_in(route: Route) -> None:
    assert (LIMITS[route.key].sender is Sender.ACCOUNT) is (route.authorizer is not None)
