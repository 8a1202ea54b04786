"""Virtual keys over HTTP: created, listed, deleted; and how every HTTP function reads a request."""

import json

import pytest

from flareflow.accounts.budgets import Budgets
from flareflow.accounts.keys import CreateKey, DeleteKey, ListKeys
from flareflow.accounts.standings import JudgeStanding
from flareflow.entrypoints.http import BODY_BYTES_MAX
from flareflow.entrypoints.problem_codes import PROBLEMS
from tests.fakes.accounts import (
    ALICE,
    BOB,
    FakeClock,
    FakeKeyIssuer,
    FakeKeyRequests,
    FakeLedger,
    FakeMeteredUsage,
    FakeOnChainSubscriptions,
    FakeStandings,
    FakeVirtualKeys,
)
from tests.fakes.settlement import FakeKnownRates
from tests.support.functions import Function, Load


@pytest.fixture
def keys(load: Load) -> Function:
    chain, issuer, known = FakeOnChainSubscriptions(), FakeKeyIssuer(), FakeVirtualKeys()
    clock, ledger, standings = FakeClock(), FakeLedger(), FakeStandings()
    chain.open(7, ALICE)
    ledger.open(7, ALICE, 100_000_000)
    judge = JudgeStanding(ledger, FakeMeteredUsage(), FakeKnownRates(), standings, clock)
    requests = FakeKeyRequests(known, standings)
    return load(
        "key_provisioning",
        create_key=CreateKey(chain, requests, known, issuer, judge, Budgets(10), clock),
        list_keys=ListKeys(chain, known),
        delete_key=DeleteKey(chain, known, issuer),
    )


IDEMPOTENT = {"idempotency-key": "request-1"}


def test_a_key_is_made_listed_and_deleted(keys: Function) -> None:
    # When Alice makes a key
    made = keys.call("POST", "/v1/keys", {"subscription_id": "7", "alias": "laptop"}, headers=IDEMPOTENT)
    # Then the secret is in this answer, which nobody may keep, and in no other
    assert made.status == 201
    assert made.headers["Cache-Control"] == "no-store"
    assert set(made.body) == {"key", "key_hash", "subscription_id", "alias", "created_at"}
    listed = keys.call("GET", "/v1/subscriptions/7/keys")
    assert [key["key_hash"] for key in listed.body["items"]] == [made.body["key_hash"]]
    assert made.body["key"] not in json.dumps(listed.body)
    # And it is deleted, as often as one likes
    for _ in range(2):
        deleted = keys.call("DELETE", f"/v1/keys/{made.body['key_hash']}")
        assert (deleted.status, deleted.text) == (204, "")


def test_a_refusal_is_a_problem_document(keys: Function) -> None:
    answer = keys.call("GET", "/v1/subscriptions/7/keys", caller=BOB)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body == {
        "type": "urn:flareflow:problem:subscription_not_found",
        "title": "Not Found",
        "status": 404,
        "detail": "You own no subscription 7.",
        "code": "subscription_not_found",
        "what_to_do": PROBLEMS["subscription_not_found"].what_to_do,
        "request_id": "request-1",
    }


@pytest.mark.parametrize("value", [None, "", "short", "x" * 129, "with space in it", "zeile\numbruch"])
def test_making_a_key_needs_an_idempotency_key(keys: Function, value: str | None) -> None:
    headers = {"idempotency-key": value} if value is not None else {}
    answer = keys.call("POST", "/v1/keys", {"subscription_id": 7}, headers=headers)
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
def test_a_malformed_body_is_invalid(keys: Function, body: object) -> None:
    answer = keys.call("POST", "/v1/keys", body, headers=IDEMPOTENT)
    assert (answer.status, answer.body["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(("excess", "status"), [(0, 201), (1, 400)])
def test_a_valid_body_is_refused_only_for_its_length(keys: Function, excess: int, status: int) -> None:
    # Given a valid document, made long by blanks between its values
    document = '{"subscription_id": "7"}'
    padding = " " * (BODY_BYTES_MAX + excess - len(document))
    # When
    answer = keys.call("POST", "/v1/keys", document.replace("}", padding + "}"), headers=IDEMPOTENT)
    # Then
    assert answer.status == status
    assert status == 201 or answer.body["code"] == "invalid_request"


def test_an_error_never_repeats_the_invalid_value(keys: Function) -> None:
    answer = keys.call("POST", "/v1/keys", {"subscription_id": "sk-a-secret"}, headers=IDEMPOTENT)
    assert "sk-a-secret" not in json.dumps(answer.body)


@pytest.mark.parametrize("number", ["x", "-1", "1.0", "1e3", "٣", "18446744073709551616", "0" * 20 + "7"])
def test_a_number_in_a_path_that_is_no_uint64_is_refused(keys: Function, number: str) -> None:
    answer = keys.call("GET", f"/v1/subscriptions/{number}/keys")
    assert (answer.status, answer.body["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/keys"), ("GET", "/v1/subscriptions/7/keys"), ("DELETE", "/v1/keys/00")]
)
def test_a_request_without_sign_in_is_refused(keys: Function, method: str, path: str) -> None:
    answer = keys.call(method, path, {"subscription_id": 7}, caller=None, headers=IDEMPOTENT)
    assert (answer.status, answer.body["code"]) == (401, "sign_in_required")
