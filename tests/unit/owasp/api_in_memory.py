"""The HTTP API with every function behind it, over AWS in memory: routes and authorizer are the template's.

Wallets' signatures are believed, and the chain is a fake; everything else is what is deployed.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields, is_dataclass, replace
from types import SimpleNamespace
from typing import Any, Final, Self

import pytest

from flareflow.entrypoints.limits import LimitRoutes
from flareflow.limits import WINDOW
from infra.local.aws.gateway.routing import Route, RouteTable
from tests.fakes.accounts import FakeClock, FakeOnChainSubscriptions
from tests.support.functions import Answer
from tests.unit.template.aws_in_memory import AwsInMemory, Handler
from tests.unit.template.handling import replaced
from tests.unit.template.litellm_stand_in import LiteLLM

OPERATOR: Final = "arn:aws:iam::123456789012:user/olga"
ORIGIN: Final = "https://app.flareflow.example"
BELIEVING: Final = SimpleNamespace(run=lambda proof: None)


@dataclass(frozen=True)
class Account:
    """A signed-in account."""

    address: str
    session: Mapping[str, str]

    @property
    def token(self) -> str:
        return self.session["access_token"]


@dataclass
class ApiInMemory:
    """What API Gateway does with a request: find its route, ask the authorizer, invoke the function."""

    aws: AwsInMemory
    clock: FakeClock = field(default_factory=FakeClock)
    """By which requests are counted; all else goes by the time that it is."""
    litellm: LiteLLM = field(default_factory=LiteLLM)
    chain: FakeOnChainSubscriptions = field(default_factory=FakeOnChainSubscriptions)
    _warm: ExitStack = field(default_factory=ExitStack)
    _handlers: dict[str, Handler] = field(default_factory=dict)

    @property
    def routes(self) -> list[Route]:
        return list(RouteTable.of(self.aws.deployment.http_api[1]).routes)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        source_ip: str = "192.0.2.1",
        is_operator: bool = False,
    ) -> Answer:
        """Send a request, with `token` as its bearer token. A body that is not text is sent as JSON.

        `is_operator`: it is signed with an operator's keys of AWS.
        """
        found = RouteTable(self.routes).match(method, path)
        if found is None:
            return _of_gateway(404, "Not Found")
        route, parameters = found
        given = {**({"authorization": f"Bearer {token}"} if token is not None else {}), **(headers or {})}
        event = _event(route, path, body, given, source_ip) | {"pathParameters": dict(parameters)}
        if route.authorizer and route.authorizer.is_iam:
            if not is_operator:
                return _of_gateway(403, "Forbidden")
            event["requestContext"]["authorizer"] = {"iam": {"userArn": OPERATOR}}
        elif route.authorizer:
            if not all(route.authorizer.identity(given, route.key)):
                return _of_gateway(401, "Unauthorized")
            answer = self.handler(route.authorizer.function)({**event, "type": "REQUEST", "routeArn": "arn"})
            if not answer["isAuthorized"]:
                return _of_gateway(403, "Forbidden")
            event["requestContext"]["authorizer"] = {"lambda": answer["context"]}
        answered = self.handler(route.function)(event)
        return Answer(answered["statusCode"], answered.get("body", ""), answered["headers"])

    @contextmanager
    def running(self) -> Iterator[Self]:
        """LiteLLM answers, and each function is put together once, when it is called first."""
        with self.litellm.running(), self._warm:
            yield self

    def handler(self, name: str) -> Handler:
        """The handler of a function, whose use cases believe every wallet and see the fake chain."""
        if name not in self._handlers:
            self._handlers[name] = self._warm.enter_context(self._put_together(name))
        return self._handlers[name]

    @contextmanager
    def _put_together(self, name: str) -> Iterator[Handler]:
        stand_ins = {"prove": BELIEVING, "subscriptions": self.chain}
        with self.aws.function(name) as (app, bootstrap, handle):
            made = {root: getattr(bootstrap, root)() for root in vars(app) if _is_root(bootstrap, root)}
            played = {root: _with(use_case, stand_ins) for root, use_case in made.items()}
            with (
                replaced(app, **{root: one for root, one in played.items() if one is not made[root]}),
                self._counting(app, bootstrap),
            ):
                yield handle

    @contextmanager
    def _counting(self, app: Any, bootstrap: Any) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            if hasattr(bootstrap, "limit_requests"):
                limiter = replace(bootstrap.limit_requests(), clock=self.clock)
                patch.setattr(app.app, "limits", LimitRoutes(lambda: limiter))
            yield

    def sign_in(self, address: str) -> Account:
        self.clock.advance(WINDOW)
        nonce = self.call("POST", "/v1/auth/nonces").body["nonce"]
        answer = self.call("POST", "/v1/auth/sessions", proof(address, nonce))
        assert answer.status == 201, answer.text
        return Account(address, answer.body)

    def items(self, table: str) -> list[Mapping[str, Any]]:
        """All items of a table, by its logical id."""
        found: list[Mapping[str, Any]] = self.aws.tables.Table(self.aws.name_of(table)).scan()["Items"]
        return found


def proof(address: str, nonce: str, **changes: object) -> dict[str, object]:
    """The body of a sign-in."""
    signatures = [{"key_index": 0, "signature": "00" * 64}]
    return {"address": address, "nonce": nonce, "origin": ORIGIN, "signatures": signatures, **changes}


def idempotent() -> dict[str, str]:
    return {"idempotency-key": str(uuid.uuid4())}


def _is_root(bootstrap: Any, name: str) -> bool:
    return hasattr(getattr(bootstrap, name, None), "cache_clear") and name != "limit_requests"


def _with(use_case: Any, stand_ins: Mapping[str, object]) -> Any:
    if not is_dataclass(use_case) or isinstance(use_case, type):
        return use_case
    wanted = {one.name: stand_ins[one.name] for one in fields(use_case) if one.name in stand_ins}
    return replace(use_case, **wanted) if wanted else use_case


def _event(route: Route, path: str, body: object, headers: Mapping[str, str], source_ip: str) -> dict[str, Any]:
    http = {"method": route.method, "path": path, "sourceIp": source_ip, "userAgent": "a test"}
    return {
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": path,
        "rawQueryString": "",
        "headers": dict(headers),
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {"requestId": "request-1", "routeKey": route.key, "stage": "$default", "http": http},
    }


def _of_gateway(status: int, message: str) -> Answer:
    return Answer(status, json.dumps({"message": message}), {})
