"""The HTTP functions of accounts, from API Gateway's event to the answer."""

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import (
    ApiGatewayAuthorizerRequestV2,
    APIGatewayProxyEventV2Model,
    APIGatewayWebSocketMessageEventModel,
    DynamoDBStreamModel,
)

from flareflow.accounts.keys import CreateKey, DeleteKey, ListKeys
from flareflow.accounts.models import Session
from flareflow.accounts.proof import ProveAccount
from flareflow.accounts.sign_in import FindSession, GiveNonce, SignIn
from flareflow.accounts.subscriptions import ReadJournal, ReadSubscriptions, ReadUsage
from flareflow.adapters.flow.account_proof import EcdsaProofVerifier
from flareflow.credentials import token_hash
from flareflow.entrypoints.http import BODY_BYTES_MAX
from flareflow.errors import FlowUnavailableError
from flareflow.realtime.tickets import GiveTicket
from flareflow.settlement.pricing import charge_ufix64
from tests.fakes.accounts import (
    ALICE,
    BOB,
    FakeAccountKeys,
    FakeClock,
    FakeKeyIssuer,
    FakeKeyRequests,
    FakeLedger,
    FakeMeteredUsage,
    FakeNonces,
    FakeOnChainSubscriptions,
    FakeSessions,
    FakeTokens,
    FakeVirtualKeys,
)
from tests.fakes.realtime import FakeTickets

EVENTS = Path(__file__).parents[2] / "events"
CONTEXT = SimpleNamespace(
    function_name="function",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:function",
    aws_request_id="invocation-1",
)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `body` is parsed JSON, None where there is none."""

    status: int
    body: Any
    headers: Mapping[str, str]


def function(name: str, monkeypatch: pytest.MonkeyPatch, **use_cases: object) -> ModuleType:
    """The handler's module with its composition root's use cases replaced."""
    module = importlib.import_module(f"functions.{name}.app")
    for attribute, use_case in use_cases.items():
        monkeypatch.setattr(module, attribute, lambda use_case=use_case: use_case)
    return module


def call(
    module: ModuleType,
    method: str,
    path: str,
    body: object = None,
    *,
    caller: str | None = ALICE,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    event: dict[str, Any] = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": dict(headers or {}),
        "body": body if isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {
            "requestId": "request-1",
            "stage": "$default",
            "http": {"method": method, "path": path},
            **({"authorizer": {"lambda": {"address": caller}}} if caller else {}),
        },
    }
    answer = module.handler(event, CONTEXT)
    parsed = json.loads(answer["body"]) if answer["body"] else None
    return Answer(answer["statusCode"], parsed, answer["headers"])


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    chain, issuer, known = FakeOnChainSubscriptions(), FakeKeyIssuer(), FakeVirtualKeys()
    chain.open(7, ALICE)
    return function(
        "key_provisioning",
        monkeypatch,
        create_key=CreateKey(chain, FakeKeyRequests(known), known, issuer, FakeClock()),
        list_keys=ListKeys(chain, known),
        delete_key=DeleteKey(chain, known, issuer),
    )


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    ledger, usage = FakeLedger(), FakeMeteredUsage()
    ledger.open(7, ALICE, 100_000_000)
    return function(
        "account_api",
        monkeypatch,
        read_subscriptions=ReadSubscriptions(ledger, usage, charge_ufix64),
        read_journal=ReadJournal(ledger),
        read_usage=ReadUsage(ledger, usage),
        give_ticket=GiveTicket(FakeTickets(), FakeTokens(), FakeClock()),
    )


@pytest.fixture
def auth(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    nonces, tokens, clock = FakeNonces(), FakeTokens(), FakeClock()
    prove = ProveAccount(FakeAccountKeys(), EcdsaProofVerifier())
    origins = frozenset({"https://app.flareflow.example"})
    return function(
        "wallet_auth",
        monkeypatch,
        give_nonce=GiveNonce(nonces, tokens, clock),
        sign_in=SignIn(nonces, FakeSessions(), prove, origins, tokens, clock),
    )


IDEMPOTENT = {"idempotency-key": "request-1"}


def test_a_key_is_made_listed_and_deleted(keys: ModuleType) -> None:
    # When Alice makes a key
    made = call(keys, "POST", "/v1/keys", {"subscription_id": "7", "alias": "laptop"}, headers=IDEMPOTENT)
    # Then the secret is in this answer, which nobody may keep, and in no other
    assert made.status == 201
    assert made.headers["Cache-Control"] == "no-store"
    assert set(made.body) == {"key", "key_hash", "subscription_id", "alias", "created_at"}
    listed = call(keys, "GET", "/v1/subscriptions/7/keys")
    assert [key["key_hash"] for key in listed.body["items"]] == [made.body["key_hash"]]
    assert made.body["key"] not in json.dumps(listed.body)
    # And it is deleted, as often as one likes
    for _ in range(2):
        assert call(keys, "DELETE", f"/v1/keys/{made.body['key_hash']}").status == 204


def test_a_refusal_is_a_problem_document(keys: ModuleType) -> None:
    answer = call(keys, "GET", "/v1/subscriptions/7/keys", caller=BOB)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body == {
        "type": "urn:flareflow:problem:subscription_not_found",
        "title": "Not Found",
        "status": 404,
        "detail": "You own no subscription 7.",
        "code": "subscription_not_found",
        "request_id": "request-1",
    }


@pytest.mark.parametrize("value", [None, "", "short", "x" * 129, "with space in it", "zeile\numbruch"])
def test_making_a_key_needs_an_idempotency_key(keys: ModuleType, value: str | None) -> None:
    headers = {"idempotency-key": value} if value is not None else {}
    answer = call(keys, "POST", "/v1/keys", {"subscription_id": 7}, headers=headers)
    assert (answer.status, answer.body["code"]) == (400, "idempotency_key_required")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "nonsense",
        [],
        {},
        {"subscription_id": -1},
        {"subscription_id": 2**64},
        {"subscription_id": "seven"},
        {"subscription_id": 7, "alias": "x" * 101},
        {"subscription_id": 7, "alias": "two\nlines"},
        {"subscription_id": 7, "max_budget": 1_000_000},
    ],
)
def test_a_malformed_body_is_invalid(keys: ModuleType, body: object) -> None:
    answer = call(keys, "POST", "/v1/keys", body, headers=IDEMPOTENT)
    assert (answer.status, answer.body["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(("excess", "status"), [(0, 201), (1, 400)])
def test_a_valid_body_is_refused_only_for_its_length(keys: ModuleType, excess: int, status: int) -> None:
    # Given a valid document, made long by blanks between its values
    document = '{"subscription_id": "7"}'
    padding = " " * (BODY_BYTES_MAX + excess - len(document))
    # When
    answer = call(keys, "POST", "/v1/keys", document.replace("}", padding + "}"), headers=IDEMPOTENT)
    # Then
    assert answer.status == status
    assert status == 201 or answer.body["code"] == "invalid_request"


def test_what_was_sent_wrongly_is_not_repeated(keys: ModuleType) -> None:
    answer = call(keys, "POST", "/v1/keys", {"subscription_id": "sk-a-secret"}, headers=IDEMPOTENT)
    assert "sk-a-secret" not in json.dumps(answer.body)


@pytest.mark.parametrize("number", ["x", "-1", "1.0", "1e3", "٣", "18446744073709551616", "0" * 20 + "7"])
def test_a_path_holds_a_number_or_is_invalid(keys: ModuleType, number: str) -> None:
    answer = call(keys, "GET", f"/v1/subscriptions/{number}/keys")
    assert (answer.status, answer.body["code"]) == (400, "invalid_request")


ROUTES = [
    ("key_provisioning", "POST", "/v1/keys"),
    ("key_provisioning", "GET", "/v1/subscriptions/7/keys"),
    ("key_provisioning", "DELETE", "/v1/keys/00"),
    ("account_api", "GET", "/v1/subscriptions"),
    ("account_api", "GET", "/v1/subscriptions/7"),
    ("account_api", "GET", "/v1/subscriptions/7/journal"),
    ("account_api", "GET", "/v1/subscriptions/7/usage/1"),
    ("account_api", "POST", "/v1/websocket-tickets"),
]


@pytest.mark.parametrize(("name", "method", "path"), ROUTES)
def test_nothing_is_answered_to_who_is_not_signed_in(
    request: pytest.FixtureRequest, name: str, method: str, path: str
) -> None:
    module = request.getfixturevalue({"key_provisioning": "keys", "account_api": "account"}[name])
    answer = call(module, method, path, {"subscription_id": 7}, caller=None, headers=IDEMPOTENT)
    assert (answer.status, answer.body["code"]) == (401, "sign_in_required")


@pytest.mark.parametrize("path", ["", "/journal", "/usage/1"])
@pytest.mark.parametrize(("caller", "status"), [(ALICE, 200), (BOB, 404)])
def test_a_subscription_is_read_by_its_owner_only(account: ModuleType, path: str, caller: str, status: int) -> None:
    assert call(account, "GET", f"/v1/subscriptions/7{path}", caller=caller).status == status


def test_a_list_holds_the_callers_own_only(account: ModuleType) -> None:
    assert len(call(account, "GET", "/v1/subscriptions").body["items"]) == 1
    assert call(account, "GET", "/v1/subscriptions", caller=BOB).body == {"items": [], "next_cursor": None}


def test_numbers_of_a_subscription_are_decimal_text(account: ModuleType) -> None:
    body = call(account, "GET", "/v1/subscriptions/7").body
    assert body["subscription"]["balance_ufix64"] == "100000000"
    assert body["estimated_charge_ufix64"] == "0"


def test_a_ticket_is_given(account: ModuleType) -> None:
    answer = call(account, "POST", "/v1/websocket-tickets")
    assert answer.status == 201
    assert set(answer.body) == {"ticket", "expires_at"}


def test_a_nonce_is_given_to_anybody(auth: ModuleType) -> None:
    answer = call(auth, "POST", "/v1/auth/nonces", caller=None)
    assert answer.status == 201
    assert len(answer.body["nonce"]) == 64


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({}, 401, "unknown_nonce"),
        ({"origin": "https://evil.example"}, 403, "foreign_origin"),
        ({"address": "0xnonsense"}, 400, "invalid_address"),
        ({"nonce": "AB" * 32}, 400, "invalid_request"),
        ({"signatures": []}, 400, "invalid_request"),
        ({"signatures": [{"key_index": 0, "signature": "00" * 64}] * 11}, 400, "invalid_request"),
        ({"signatures": [{"key_index": -1, "signature": "00" * 64}]}, 400, "invalid_request"),
        ({"signatures": [{"key_index": 0, "signature": "00" * 65}]}, 400, "invalid_request"),
    ],
)
def test_a_sign_in_that_is_refused_says_why(
    auth: ModuleType, change: dict[str, object], status: int, code: str
) -> None:
    proof = {
        "address": ALICE,
        "nonce": "ab" * 32,
        "origin": "https://app.flareflow.example",
        "signatures": [{"key_index": 0, "signature": "00" * 64}],
    }
    answer = call(auth, "POST", "/v1/auth/sessions", proof | change, caller=None)
    assert (answer.status, answer.body["code"]) == (status, code)


class Unavailable:
    """A use case whose outside system is down."""

    def run(self) -> None:
        raise FlowUnavailableError("http://internal-host:8888 refused the connection")


class Broken:
    """A use case with a mistake in it."""

    def run(self) -> None:
        raise ValueError("a secret detail")


@pytest.mark.parametrize(
    ("use_case", "status", "code"),
    [(Unavailable(), 503, "temporarily_unavailable"), (Broken(), 500, "internal_error")],
)
def test_a_failure_of_ours_tells_nothing_of_the_inside(
    monkeypatch: pytest.MonkeyPatch, use_case: object, status: int, code: str
) -> None:
    answer = call(function("wallet_auth", monkeypatch, give_nonce=use_case), "POST", "/v1/auth/nonces")
    assert (answer.status, answer.body["code"]) == (status, code)
    assert "secret" not in json.dumps(answer.body)
    assert "internal-host" not in json.dumps(answer.body)
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_an_unknown_route_is_a_problem_document(auth: ModuleType) -> None:
    answer = call(auth, "GET", "/v1/elsewhere")
    assert (answer.status, answer.body["code"]) == (404, "route_not_found")


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


@pytest.fixture
def authorizer(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    clock, sessions = FakeClock(), FakeSessions()
    sessions.put(token_hash("ab" * 32), Session(ALICE, clock.now.replace(hour=23)))
    return function("session_authorizer", monkeypatch, find_session=FindSession(sessions, clock))


def test_a_living_session_is_authorized_as_its_account(authorizer: ModuleType) -> None:
    answer = authorizer.handler(sample("session_authorizer"), CONTEXT)
    assert answer == {"isAuthorized": True, "context": {"address": ALICE}}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {'ab' * 32}", "ab" * 32])
def test_anything_else_is_not_authorized(authorizer: ModuleType, header: str) -> None:
    event = sample("session_authorizer")
    event["headers"]["authorization"] = header
    assert authorizer.handler(event, CONTEXT)["isAuthorized"] is False


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("wallet_auth", APIGatewayProxyEventV2Model),
        ("key_provisioning", APIGatewayProxyEventV2Model),
        ("account_api", APIGatewayProxyEventV2Model),
        ("session_authorizer", ApiGatewayAuthorizerRequestV2),
        ("websocket", APIGatewayWebSocketMessageEventModel),
        ("pending_push", DynamoDBStreamModel),
        ("enforcement", DynamoDBStreamModel),
    ],
)
def test_the_sample_events_are_what_aws_sends(name: str, model: Any) -> None:
    model.model_validate(sample(name))
