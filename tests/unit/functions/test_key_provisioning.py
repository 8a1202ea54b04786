"""Virtual keys over HTTP: created, listed, deleted; and how every HTTP function reads a request."""

import json

import httpx
import pytest

from flareflow.accounts.budgets import Budgets
from flareflow.accounts.key_changes import ChangeKey, MakeFirstKeys, RotateKey
from flareflow.accounts.keys import CreateKey, DeleteKey, ListKeys
from flareflow.accounts.ports import KeyIssuer
from flareflow.accounts.standings import JudgeStanding
from flareflow.adapters.litellm.keys import LiteLLMKeys
from flareflow.entrypoints.http import BODY_CHARACTERS_MAX
from flareflow.entrypoints.problem_codes import PROBLEMS
from tests.fakes.accounts import (
    ALICE,
    BOB,
    FakeClock,
    FakeKeyRequests,
    FakeLedger,
    FakeMeteredUsage,
    FakeOnChainSubscriptions,
    FakeStandings,
    FakeVirtualKeys,
)
from tests.fakes.keys import FakeKeyIssuer, FakeKeyUsages
from tests.fakes.settlement import FakeKnownRates
from tests.support.functions import Function, Load
from tests.unit.adapters.litellm.bad_answers import BAD


@pytest.fixture
def keys(load: Load) -> Function:
    return over(load, FakeKeyIssuer())


def over(load: Load, issuer: KeyIssuer) -> Function:
    chain, known = FakeOnChainSubscriptions(), FakeVirtualKeys()
    clock, ledger, standings = FakeClock(), FakeLedger(), FakeStandings()
    chain.open(7, ALICE)
    ledger.open(7, ALICE, 100_000_000)
    judge = JudgeStanding(ledger, FakeMeteredUsage(), FakeKnownRates(), standings, clock)
    create = CreateKey(chain, FakeKeyRequests(known, standings), known, issuer, judge, Budgets(10), clock)
    return load(
        "key_provisioning",
        create_key=create,
        list_keys=ListKeys(chain, known),
        delete_key=DeleteKey(chain, known, issuer),
        change_key=ChangeKey(chain, known),
        rotate_key=RotateKey(chain, known, issuer, create, FakeKeyUsages(), clock),
        make_first_keys=MakeFirstKeys(ledger, known, create),
    )


IDEMPOTENT = {"idempotency-key": "request-1"}
ROTATION = {"idempotency-key": "rotation-1"}


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


def test_a_key_is_renamed_and_rotated(keys: Function) -> None:
    made = keys.call("POST", "/v1/keys", {"subscription_id": "7", "cap_rated_tokens": "1000"}, headers=IDEMPOTENT).body
    path = f"/v1/keys/{made['key_hash']}"
    # When Alice renames it
    renamed = keys.call("PATCH", path, {"alias": "phone"})
    assert (renamed.status, renamed.body["alias"], renamed.body["cap_microtokens"]) == (200, "phone", "1000000000")
    # And rotates it
    rotated = keys.call("POST", f"{path}/rotations", {"old_key_until": "2026-11-24T11:00:00Z"}, headers=ROTATION)
    # Then there are two, of which the old one ends
    assert (rotated.status, rotated.headers["Cache-Control"]) == (201, "no-store")
    old, new = keys.call("GET", "/v1/subscriptions/7/keys").body["items"]
    assert (old["limits"]["expires_at"], new["limits"]["expires_at"]) == ("2026-11-24T11:00:00.000000Z", None)
    assert (new["key_hash"], new["replaces"]) == (rotated.body["key_hash"], made["key_hash"])
    assert rotated.body["key"] not in json.dumps([old, new])


def test_a_first_key_is_made_once_and_its_secret_shown_once(keys: Function) -> None:
    first, again = (keys.call("POST", "/v1/first-keys") for _ in range(2))
    assert (first.status, first.headers["Cache-Control"]) == (200, "no-store")
    assert [made["key"][:3] for made in first.body["items"]] == ["sk-"]
    assert again.body["items"] == []


@pytest.mark.parametrize(
    "alias",
    [
        "evil \u202egnirts",
        "\u2066isolated\u2069",
        "left \u200e mark",
        "zero\u200bwidth",
        "bell \x07",
        "\x1b[31mred",
        "del\x7f",
        "c1 \x9b",
        "line\u2028break",
        "<script>alert(1)</script>",
        "a > b",
        "\ufeffbom",
    ],
)
def test_a_name_has_no_control_characters_no_other_direction_and_no_markup(keys: Function, alias: str) -> None:
    made = keys.call("POST", "/v1/keys", {"subscription_id": 7, "alias": alias}, headers=IDEMPOTENT)
    assert (made.status, made.body["code"]) == (400, "invalid_request")
    key_hash = keys.call("POST", "/v1/keys", {"subscription_id": 7, "alias": "ok"}, headers=IDEMPOTENT).body["key_hash"]
    renamed = keys.call("PATCH", f"/v1/keys/{key_hash}", {"alias": alias})
    assert (renamed.status, renamed.body["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("alias", ["Büro, 3. Stock", "機械", "الهاتف", "a & b", "R&D \N{ROCKET}", ""])
def test_a_name_may_be_in_any_script(keys: Function, alias: str) -> None:
    made = keys.call("POST", "/v1/keys", {"subscription_id": 7, "alias": alias}, headers=IDEMPOTENT)
    assert (made.status, made.body["alias"]) == (201, alias)


@pytest.mark.parametrize(
    "limits",
    [
        {"models": ["x"] * 51},
        {"models": [""]},
        {"models": ["two\nlines"]},
        {"requests_per_minute": 0},
        {"tokens_per_minute": -5},
        {"cap_rated_tokens": 0},
        {"cap_rated_tokens": 10**12 + 1},
        {"expires_at": "2026-11-25T10:00:00"},
        {"expires_at": "tomorrow"},
    ],
)
def test_a_limit_that_is_none_is_refused(keys: Function, limits: dict[str, object]) -> None:
    answer = keys.call("POST", "/v1/keys", {"subscription_id": 7, **limits}, headers=IDEMPOTENT)
    assert (answer.status, answer.body["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("bad", BAD)
def test_while_litellm_gives_no_good_answer_keys_stay_what_they_are(load: Load, bad: str) -> None:
    # Given a key, and LiteLLM that gives a bad answer to everything
    issuer = FakeKeyIssuer()
    keys = over(load, issuer)
    made = keys.call("POST", "/v1/keys", {"subscription_id": 7}, headers=IDEMPOTENT).body
    path = f"/v1/keys/{made['key_hash']}"
    http = httpx.Client(base_url="http://litellm", transport=httpx.MockTransport(lambda _: BAD[bad]()))
    for name in ("issue", "delete", "delete_alias", "expire"):
        setattr(issuer, name, getattr(LiteLLMKeys(http), name))
    # When its owner makes, rotates and deletes keys
    answers = [
        keys.call("POST", "/v1/keys", {"subscription_id": 7}, headers={"idempotency-key": "request-2"}),
        keys.call("POST", f"{path}/rotations", {}, headers=ROTATION),
        keys.call("DELETE", path),
    ]
    # Then each is told to try again, and there is the one key, as before
    assert {(answer.status, answer.body["code"]) for answer in answers} == {(503, "temporarily_unavailable")}
    [key] = keys.call("GET", "/v1/subscriptions/7/keys").body["items"]
    assert (key["status"], key["limits"]["expires_at"]) == ("active", None)


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
    padding = " " * (BODY_CHARACTERS_MAX + excess - len(document))
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
