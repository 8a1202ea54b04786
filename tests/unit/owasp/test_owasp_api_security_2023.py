"""OWASP API Security Top 10, 2023: for each risk, what an attacker tries on the whole API, and what happens.

The attacker is Bob, who is signed in like everybody; Alice's are the objects. Wallets' signatures are believed here:
what has to be signed is tried in `tests/unit/accounts/test_sign_in.py` and `tests/ports/flow/test_account_keys.py`.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import pytest

from flareflow.adapters.dynamodb.cases import DynamoCases
from flareflow.metering.cases import Case, CaseKind
from flareflow.settlement.events import SubscriptionOpened
from infra.local.aws.gateway.routing import Route
from infra.local.aws.gateway.template import Template
from tests.fakes.accounts import ALICE, BOB
from tests.support.functions import Answer
from tests.unit.owasp.api_in_memory import OPERATOR, Account, ApiInMemory, idempotent, proof
from tests.unit.template.aws_in_memory import aws_in_memory
from tests.unit.template.events import websocket_event
from tests.unit.template.litellm_stand_in import KEY_HASH, SECRET
from tests.unit.template.main_job import SUBSCRIPTION, MainJob

BOBS: Final = 8
"""Bob's own subscription."""
CAROL: Final = "0x00000000000ca401"
OLGA: Final = "0x0000000000000164"
"""The account of an operator."""


@pytest.fixture(scope="module")
def api() -> Iterator[ApiInMemory]:
    """Alice has a subscription with a key and a session; so has Bob, who attacks."""
    with aws_in_memory(Template.load({"OperatorAddresses": OLGA})) as aws:
        api, job = ApiInMemory(aws), MainJob(aws)
        job.open_subscription()
        job._read_chain(SubscriptionOpened(BOBS, BOB, 1, 1, 100_000_000, 100_000_000))
        api.chain.open(SUBSCRIPTION, ALICE)
        api.chain.open(BOBS, BOB)
        with api.running():
            yield api


@pytest.fixture(scope="module")
def alice(api: ApiInMemory) -> Account:
    """With a key of her subscription."""
    signed_in = api.sign_in(ALICE)
    made = api.call("POST", "/v1/keys", {"subscription_id": SUBSCRIPTION}, token=signed_in.token, headers=idempotent())
    assert (made.status, made.body["key_hash"]) == (201, KEY_HASH)
    return signed_in


@pytest.fixture
def bob(api: ApiInMemory) -> Account:
    return api.sign_in(BOB)


def is_refused(answer: Answer, status: int, code: str) -> bool:
    return (answer.status, answer.body["code"]) == (status, code)


def path_to(route: Route, alice: Account) -> str:
    """A route with Alice's objects in the place of its variables."""
    objects = {
        "subscription_id": str(SUBSCRIPTION),
        "epoch": "1",
        "day": "2026-11-24",
        "key_hash": KEY_HASH,
        "session": alice.session["session_id"],
        "webhook_id": f"wh_{SUBSCRIPTION}_{'4b' * 12}",
        "delivery_id": f"evt_{'6c' * 16}",
    }
    path = route.path
    for name in route.path_parameters(route.path) or {}:
        path = path.replace(f"{{{name}}}", objects[name])
    return path


def test_api1_broken_object_level_authorization(api: ApiInMemory, alice: Account, bob: Account) -> None:
    # When Bob asks for each object of Alice on every route that names one
    private = (route for route in api.routes if route.authorizer and not route.authorizer.is_iam)
    of_objects = [route for route in private if "{" in route.path]
    answers = {
        route.key: api.call(route.method, path_to(route, alice), token=bob.token, headers=idempotent())
        for route in of_objects
    }
    # Then none exists for him, and Alice still has all of them
    assert len(answers) >= 6
    assert {key: answer.status for key, answer in answers.items() if answer.status not in {400, 404}} == {}
    assert all(answer.status == 404 for key, answer in answers.items() if key.startswith(("GET", "DELETE")))
    body = {"subscription_id": SUBSCRIPTION}
    assert is_refused(
        api.call("POST", "/v1/keys", body, token=bob.token, headers=idempotent()), 404, "subscription_not_found"
    )
    assert api.call("GET", f"/v1/subscriptions/{SUBSCRIPTION}/keys", token=alice.token).body["items"]
    assert api.call("GET", f"/v1/subscriptions/{SUBSCRIPTION}", token=alice.token).status == 200


def test_api1_lists_hold_what_is_ones_own(api: ApiInMemory, alice: Account, bob: Account) -> None:
    subscriptions = api.call("GET", "/v1/subscriptions", token=bob.token).body["items"]
    assert [one["subscription"]["subscription_id"] for one in subscriptions] == [str(BOBS)]
    sessions = {one["session_id"] for one in api.call("GET", "/v1/auth/sessions", token=bob.token).body["items"]}
    assert bob.session["session_id"] in sessions
    assert alice.session["session_id"] not in sessions


def test_api1_a_webhook_is_told_of_what_is_ones_own(api: ApiInMemory, alice: Account, bob: Account) -> None:
    # Given a webhook of Alice, with a delivery
    wish = {"subscription_id": SUBSCRIPTION, "url": "https://hooks.example.com/", "events": ["balance.low"]}
    created = api.call("POST", "/v1/webhooks", wish, token=alice.token, headers=idempotent()).body
    one = f"/v1/webhooks/{created['webhook']['webhook_id']}"
    tried = api.call("POST", f"{one}/tests", token=alice.token, headers=idempotent()).body
    # When Bob asks for them on every route, or for a webhook of Alice's subscription
    of_alice = [route for route in api.routes if "{webhook_id}" in route.path]
    for route in of_alice:
        path = one + route.path.partition("{webhook_id}")[2].replace("{delivery_id}", tried["delivery_id"])
        refused = api.call(route.method, path, {}, token=bob.token, headers=idempotent())
        # Then none exists for him
        assert is_refused(refused, 404, "webhook_not_found"), route.key
    refused = api.call("POST", "/v1/webhooks", wish, token=bob.token, headers=idempotent())
    assert len(of_alice) == 7
    assert is_refused(refused, 404, "subscription_not_found")
    assert api.call("GET", "/v1/webhooks", token=bob.token).body["items"] == []
    # And Alice's is as it was
    assert api.call("GET", one, token=alice.token).body == created["webhook"]


def test_api1_a_socket_watches_what_is_ones_own(api: ApiInMemory, bob: Account) -> None:
    # Given a connection of Bob's
    ticket = api.call("POST", "/v1/websocket-tickets", token=bob.token).body["ticket"]
    handle = api.handler("WebsocketFunction")
    assert handle(websocket_event("$connect", "bobs", ticket=ticket))["statusCode"] == 200
    # When it wants to watch Alice's subscription
    handle(websocket_event("watch", "bobs", body={"action": "watch", "subscription_id": SUBSCRIPTION}))
    # Then nothing watches it
    assert [item for item in api.items("RealtimeTable") if str(item).count(f"SUB#{SUBSCRIPTION}")] == []


def test_api2_broken_authentication(api: ApiInMemory, alice: Account) -> None:
    # Given tokens that are tampered with, of another kind, of another account's address, or of another stack
    token = alice.token
    other_stack = f"ffa_{ALICE.removeprefix('0x').zfill(16)}_{'1' * 64}_{'2' * 64}"
    tampered = token[:-1] + ("0" if token[-1] != "0" else "1")
    forged = token.replace(ALICE.removeprefix("0x"), BOB.removeprefix("0x"))
    wrong = [tampered, forged, alice.session["refresh_token"], other_stack, token.upper(), "null", "\udcff"]
    private = [route for route in api.routes if route.authorizer and not route.authorizer.is_iam]
    # When every route of accounts is asked without a token or with one of them, Then each is 401
    for bearer in (None, tampered):
        told = {route.key: api.call(route.method, path_to(route, alice), token=bearer).status for route in private}
        assert set(told.values()) == {401}, told
    [subscriptions] = [route for route in private if route.key == "GET /v1/subscriptions"]
    for bearer in wrong:
        assert api.call("GET", subscriptions.path, token=bearer).status in {400, 401}, bearer
    assert api.call("GET", subscriptions.path, token=token).status == 200


def test_api2_what_works_once_works_once(api: ApiInMemory) -> None:
    # Given a nonce, a refresh token and a ticket that were used
    nonce = api.call("POST", "/v1/auth/nonces").body["nonce"]
    first = api.call("POST", "/v1/auth/sessions", proof(BOB, nonce)).body
    second = api.call("POST", "/v1/auth/tokens", {"refresh_token": first["refresh_token"]}).body
    ticket = api.call("POST", "/v1/websocket-tickets", token=second["access_token"]).body["ticket"]
    handle = api.handler("WebsocketFunction")
    told = [handle(websocket_event("$connect", name, ticket=ticket))["statusCode"] for name in ("one", "two")]
    # Then none works again, and the session whose refresh token came again is over
    assert told == [200, 401]
    assert is_refused(api.call("POST", "/v1/auth/sessions", proof(BOB, nonce)), 401, "unknown_nonce")
    again = api.call("POST", "/v1/auth/tokens", {"refresh_token": first["refresh_token"]})
    assert is_refused(again, 401, "refresh_token_reused")
    assert is_refused(api.call("GET", "/v1/subscriptions", token=second["access_token"]), 401, "sign_in_required")


def test_api2_signing_out_counts_at_once(api: ApiInMemory) -> None:
    signed_in = api.sign_in(BOB)
    path = f"/v1/auth/sessions/{signed_in.session['session_id']}"
    assert api.call("DELETE", path, token=signed_in.token).status == 204
    assert is_refused(api.call("GET", "/v1/subscriptions", token=signed_in.token), 401, "sign_in_required")


def test_api3_broken_object_property_level_authorization(api: ApiInMemory, alice: Account, bob: Account) -> None:
    # When Bob adds properties to what he may create, of another owner, status or budget
    wish = {"subscription_id": BOBS}
    for mine in ({"owner": ALICE}, {"status": "active"}, {"budget_microusd": 10**12}, {"key_hash": KEY_HASH}):
        answer = api.call("POST", "/v1/keys", wish | mine, token=bob.token, headers=idempotent())
        assert is_refused(answer, 400, "invalid_request")
    nonce = api.call("POST", "/v1/auth/nonces").body["nonce"]
    for mine in ({"weight": 1000}, {"session_id": alice.session["session_id"]}, {"expires_at": "2199-01-01T00:00:00Z"}):
        assert is_refused(api.call("POST", "/v1/auth/sessions", proof(BOB, nonce, **mine)), 400, "invalid_request")
    # Then nothing was created, and no answer shows what is for us only
    assert api.call("GET", f"/v1/subscriptions/{BOBS}/keys", token=bob.token).body["items"] == []
    sessions = api.call("GET", "/v1/auth/sessions", token=alice.token).text
    keys = api.call("GET", f"/v1/subscriptions/{SUBSCRIPTION}/keys", token=alice.token).text
    assert not [name for name in ("access_hash", "refresh_hash") if name in sessions]
    assert "sk-" not in keys


def test_api4_unrestricted_resource_consumption(api: ApiInMemory) -> None:
    # When a stranger asks for 60 nonces
    before = sum(item["pk"].startswith("NONCE#") for item in api.items("AccountsTable"))
    statuses = [api.call("POST", "/v1/auth/nonces", source_ip="198.51.100.1").status for _ in range(60)]
    stored = sum(item["pk"].startswith("NONCE#") for item in api.items("AccountsTable")) - before
    # Then half of them are stored, the others are refused, and another stranger is served
    assert (statuses, stored) == ([201] * 30 + [429] * 30, 30)
    assert api.call("POST", "/v1/auth/nonces", source_ip="198.51.100.2").status == 201


def test_api5_broken_function_level_authorization(api: ApiInMemory, bob: Account) -> None:
    # When Bob asks for what the gate and the operator do
    record = {"authorization": f"Bearer {bob.token}"}
    for path in ("/internal/usage", "/internal/credit"):
        assert api.call("POST", path, [], headers=record).status in {400, 401}
    # Then the gate's routes are closed to him, and no route leads to the operator's function
    assert "UsageCasesFunction" not in {route.function for route in api.routes}
    for path in ("/v1/cases", "/v1/admin", "/internal/cases", "/2015-03-31/functions/UsageCasesFunction/invocations"):
        assert api.call("POST", path, {"command": "list"}, token=bob.token).status == 404


def test_api5_operators_routes_are_closed_to_customers(api: ApiInMemory, alice: Account, bob: Account) -> None:
    # Given all routes of operators
    routes = [route for route in api.routes if route.path.startswith("/v1/operator/")]
    assert len(routes) >= 8
    # When strangers and customers ask for them, whatever claims of an operator they send
    claims = {"x-amz-date": "20261124T100000Z", "x-amz-security-token": "mine", "x-operator": "alice"}
    for route in routes:
        for token in (None, alice.token, bob.token):
            told = api.call(route.method, path_to(route, alice), {}, token=token, headers=claims)
            # Then none of them reaches the function
            assert (told.status, told.body) == (403, {"message": "Forbidden"}), route.key
    # And every route behind the authorizer of IAM is one of these
    assert {route.key for route in api.routes if route.authorizer and route.authorizer.is_iam} == {
        route.key for route in routes
    }


def test_api5_the_operators_page_is_closed_to_customers(api: ApiInMemory, alice: Account, bob: Account) -> None:
    # Given all routes of the operators' page
    routes = [route for route in api.routes if route.path.startswith("/v1/console/")]
    assert len(routes) >= 9
    # When customers ask for them, whatever claims of an operator they send
    claims = {"x-operator": OLGA, "is_operator": "true", "x-amz-date": "20261124T100000Z"}
    for route in routes:
        for token in (alice.token, bob.token):
            told = api.call(route.method, path_to(route, alice), {}, token=token, headers=claims)
            # Then there is no such route for them, as for a path that nobody has
            assert is_refused(told, 404, "route_not_found"), route.key
        assert api.call(route.method, path_to(route, alice), {}, headers=claims).status == 401
    # And no route of the page changes prices
    assert not [route.key for route in routes if "price" in route.path]


def test_api5_an_account_that_is_listed_operates_on_the_page_only(api: ApiInMemory) -> None:
    # Given an open case, and the session of an account that the template lists
    case, olga = open_case(api, "key-2"), api.sign_in(OLGA)
    assert olga.session["is_operator"]
    # When she decides it on the page, and says to be somebody else
    wish = {"case": case, "verdict": "written_off", "why": "asked"}
    refused = api.call("POST", "/v1/console/case-decisions", {**wish, "who": "somebody"}, token=olga.token)
    told = api.call("POST", "/v1/console/case-decisions", wish, token=olga.token)
    # Then her account is noted, and routes that are signed stay closed to her
    assert is_refused(refused, 400, "invalid_request")
    assert (told.status, told.body["decision"]["who"]) == (200, OLGA)
    assert api.call("GET", "/v1/operator/cases", token=olga.token).status == 403
    # And she reads any subscription there, and none of somebody else's as a customer
    assert api.call("GET", f"/v1/console/subscriptions/{SUBSCRIPTION}", token=olga.token).status == 200
    assert api.call("GET", f"/v1/subscriptions/{SUBSCRIPTION}", token=olga.token).status == 404


def test_api5_an_operator_is_who_iam_says_it_is(api: ApiInMemory) -> None:
    # Given an open case
    case = open_case(api)
    # When an operator decides it, and says to be somebody else
    wish = {"case": case, "verdict": "written_off", "why": "asked"}
    refused = api.call("POST", "/v1/operator/case-decisions", {**wish, "who": "somebody"}, is_operator=True)
    told = api.call("POST", "/v1/operator/case-decisions", wish, is_operator=True)
    # Then the name in the body is refused, and the signer is noted
    assert is_refused(refused, 400, "invalid_request")
    assert (told.status, told.body["decision"]["who"]) == (200, OPERATOR)
    # And an operator has no session, so routes of accounts are closed
    assert api.call("GET", "/v1/subscriptions", is_operator=True).status == 401


def open_case(api: ApiInMemory, key: str = "key-1") -> str:
    """The id of a new open case."""
    usage = api.aws.tables.Table(api.aws.name_of("UsageTable"))
    case = Case(CaseKind.DIFFERENCE, "billed_less", key, datetime(2026, 11, 24, tzinfo=UTC), "a difference")
    DynamoCases(usage, lambda _: None).open([case])
    return case.id


def test_api6_unrestricted_access_to_sensitive_business_flows(api: ApiInMemory) -> None:
    # When an account opens sessions without end
    opened = [api.sign_in(CAROL).session["session_id"] for _ in range(22)]
    # Then it has the newest 20
    newest = api.sign_in(CAROL)
    listed = api.call("GET", "/v1/auth/sessions", token=newest.token).body["items"]
    assert [one["session_id"] for one in listed] == [newest.session["session_id"], *reversed(opened[3:])]


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "https://evil.example"]
)
def test_api7_server_side_request_forgery(api: ApiInMemory, url: str) -> None:
    # When a URL is put where the API takes text; every connection that the functions open would fail this test
    nonce = api.call("POST", "/v1/auth/nonces").body["nonce"]
    answers = [
        api.call("POST", "/v1/auth/sessions", proof(BOB, nonce, origin=url)),
        api.call("POST", "/v1/auth/sessions", proof(url, nonce)),
        api.call("POST", "/v1/auth/tokens", {"refresh_token": url}),
    ]
    # Then it is text
    assert [answer.status for answer in answers] == [403, 400, 401]


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "[::ffff:a9fe:a9fe]", "2852039166", "0xa9.254.0xa9.254", "localhost"]
)
def test_api7_a_webhook_names_no_private_address(api: ApiInMemory, alice: Account, host: str) -> None:
    # What a name means is looked at for each attempt: tests/unit/adapters/receivers/test_posting.py
    wish = {"subscription_id": SUBSCRIPTION, "url": f"https://{host}/", "events": ["balance.low"]}
    refused = api.call("POST", "/v1/webhooks", wish, token=alice.token, headers=idempotent())
    assert is_refused(refused, 400, "invalid_webhook_url")


def test_api8_security_misconfiguration(api: ApiInMemory, alice: Account) -> None:
    # When the API is asked by methods and forms that it does not have
    assert api.call("TRACE", "/v1/health").status == 404
    assert api.call("PUT", f"/v1/subscriptions/{SUBSCRIPTION}", {}, token=alice.token).status == 404
    # Then answers of accounts are not kept by anybody, and refusals say nothing of what is inside
    own = api.call("GET", "/v1/subscriptions", token=alice.token)
    assert own.headers["Cache-Control"] == "no-store"
    broken = api.call("POST", "/v1/keys", "{" * 10_000, token=alice.token, headers=idempotent())
    assert is_refused(broken, 400, "invalid_request")
    assert not [word for word in ("Traceback", "pydantic", "boto", "flareflow.") if word in broken.text]
    cors = api.aws.deployment.http_api[1]["x-amazon-apigateway-cors"]
    assert "*" not in cors["allowOrigins"]
    assert not cors.get("allowCredentials")


def test_api8_no_log_holds_a_secret(api: ApiInMemory, alice: Account, caplog: pytest.LogCaptureFixture) -> None:
    # Given everything that makes secrets, and everything that refuses them, LiteLLM's failures included
    caplog.set_level(logging.DEBUG, "flareflow")
    nonce = api.call("POST", "/v1/auth/nonces").body["nonce"]
    first = api.call("POST", "/v1/auth/sessions", proof(BOB, nonce)).body
    second = api.call("POST", "/v1/auth/tokens", {"refresh_token": first["refresh_token"]}).body
    ticket = api.call("POST", "/v1/websocket-tickets", token=second["access_token"]).body["ticket"]
    for name in ("logged", "again"):
        api.handler("WebsocketFunction")(websocket_event("$connect", name, ticket=ticket))
    api.call("POST", "/v1/auth/sessions", proof(BOB, nonce))
    api.call("POST", "/v1/auth/tokens", {"refresh_token": first["refresh_token"]})
    api.call("POST", "/v1/auth/tokens", {first["refresh_token"]: second["access_token"]})
    api.call("GET", "/v1/subscriptions", token=second["access_token"])
    push_secret = "a-wrong-push-secret"
    api.call("POST", "/internal/usage", [], headers={"authorization": f"Bearer {push_secret}"})
    body = {"subscription_id": SUBSCRIPTION, "alias": "logged"}
    api.call("POST", "/v1/keys", body, token=alice.token, headers=idempotent())
    wish = {
        "subscription_id": SUBSCRIPTION,
        "url": "https://hooks.example.com/a-secret-path",
        "events": ["balance.low"],
    }
    hooked = api.call("POST", "/v1/webhooks", wish, token=alice.token, headers=idempotent()).body["secret"]
    # When all that was logged is searched, Then it tells of sign-ins and refusals, and holds no secret
    logged = [vars(record) for record in caplog.records]
    assert {line["message"] for line in logged} >= {"signed in", "request refused", "connection refused"}
    tokens = [one[kind] for one in (first, second) for kind in ("access_token", "refresh_token")]
    secrets = [
        nonce,
        ticket,
        SECRET,
        push_secret,
        hooked,
        "a-secret-path",
        *(token.rpartition("_")[2] for token in tokens),
    ]
    assert [secret for secret in secrets if secret in str(logged)] == []


def test_api9_improper_inventory_management(api: ApiInMemory) -> None:
    # Given all routes: each is of a version or internal, and those for strangers are these
    strangers = {route.key for route in api.routes if not route.authorizer}
    assert all(route.path.startswith(("/v1/", "/internal/")) for route in api.routes)
    assert {key for key in strangers if not key.startswith(("GET", "HEAD"))} == {
        *("POST /v1/auth/nonces", "POST /v1/auth/sessions", "POST /v1/auth/tokens", "POST /v1/quotes"),
        *("POST /internal/usage", "POST /internal/credit", "POST /internal/credit/keys"),
    }


def test_api10_unsafe_consumption_of_apis(api: ApiInMemory, bob: Account) -> None:
    # Given a LiteLLM that does not answer
    api.litellm.is_down = True
    try:
        answer = api.call("POST", "/v1/keys", {"subscription_id": BOBS}, token=bob.token, headers=idempotent())
    finally:
        api.litellm.is_down = False
    # Then the request fails as an outage, and nothing is half made
    assert is_refused(answer, 503, "temporarily_unavailable")
    assert api.call("GET", f"/v1/subscriptions/{BOBS}/keys", token=bob.token).body["items"] == []
