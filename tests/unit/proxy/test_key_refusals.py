"""A key that LiteLLM refuses: the customer reads why, and how to go on, and nothing that is the operator's."""

import json
from typing import Any

import pytest

from flareflow_gate.credit import CreditUnavailableError, UnknownKeyError
from tests.unit.proxy.gate_harness import TOP_UP_URL, GateHarness, chat

HASH = "66640efe2475554fd9d65e7c9d29b8e8590c0318fa1b90120a1dd867350d9b18"


def error(kind: str, message: str) -> bytes:
    """An error of LiteLLM 1.106.2."""
    return json.dumps({"error": {"message": message, "type": kind, "param": "None", "code": "401"}}).encode()


BLOCKED = error("auth_error", "Authentication Error, Key is blocked. Update via `/key/unblock` if you're an admin.")
EXPIRED = error("expired_key", "Authentication Error - Expired Key. Key Expiry time 2026-11-23 12:32:36.079000+00:00")
UNKNOWN = error("token_not_found_in_db", f"Authentication Error, Invalid proxy server token passed. {HASH}")
BUDGET = error("budget_exceeded", "Budget has been exceeded! Key=key (sk-...BW_w) Current cost: 1.4e-05")


def refused(gate: GateHarness, status: int, body: bytes, path: str = "/v1/chat/completions") -> tuple[int, Any]:
    """The answer to a call that the gate's credit admits and LiteLLM refuses."""
    gate.litellm.status, gate.litellm.parts = status, [body[:20], body[20:]]
    answered = gate.call(path, chat(max_tokens=5))
    return answered.status, answered.document


@pytest.mark.parametrize(
    ("standing", "status", "code", "words"),
    [
        ("overdrawn", 402, "insufficient_credit", "The deposit is used up. Top up at"),
        ("capped", 402, "insufficient_credit", "spend cap"),
        ("exiting", 402, "insufficient_credit", "The end of this subscription"),
        ("unknown", 503, "credit_unknown", "not known now"),
        ("active", 403, "key_blocked", "This key is blocked."),
    ],
)
def test_a_blocked_key_is_explained_by_the_standing(
    gate: GateHarness, standing: str, status: int, code: str, words: str
) -> None:
    # Given credit that the gate still holds, and a subscription whose keys were blocked meanwhile
    gate.call()
    gate.credit.standing = standing
    # When LiteLLM refuses the key
    answered, document = refused(gate, 401, BLOCKED)
    # Then the caller reads why, and the call is not billed
    assert (answered, document["error"]["code"]) == (status, code)
    assert words in document["error"]["message"]
    assert "admin" not in document["error"]["message"]
    assert len(gate.records) == 1


def test_anthropic_clients_read_it_in_their_own_format(gate: GateHarness) -> None:
    gate.call()
    gate.credit.standing = "overdrawn"
    status, document = refused(gate, 401, BLOCKED, "/v1/messages")
    assert (status, document["type"], document["error"]["type"]) == (402, "error", "billing_error")
    assert TOP_UP_URL in document["error"]["message"]


def test_a_key_that_an_administrator_blocked_is_forbidden_and_not_a_bad_request(gate: GateHarness) -> None:
    _, document = refused(gate, 401, BLOCKED)
    assert document["error"]["type"] == "permission_error"


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "litellm.AuthenticationError: OpenAIException - Incorrect API key provided: sk-oper****cret."),
        (403, "litellm.PermissionDeniedError: Your organization may not use this model"),
        (429, "litellm.RateLimitError: You exceeded your current quota, please check your plan and billing details."),
        (400, "litellm.BadRequestError: Your credit balance is too low to access the Anthropic API."),
    ],
)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_what_a_provider_holds_against_the_operator_is_not_held_against_the_caller(
    gate: GateHarness, path: str, status: int, message: str
) -> None:
    answered, document = refused(gate, status, error("authentication_error", message), path)
    assert (answered, document["error"]["type"]) == (502, "api_error")
    assert "Your key and your deposit are not at fault" in document["error"]["message"]
    assert gate.records == []


@pytest.mark.parametrize(
    ("path", "kind"), [("/v1/chat/completions", "auth_error"), ("/v1/messages", "authentication_error")]
)
def test_an_outage_of_litellms_database_does_not_read_like_a_wrong_key(gate: GateHarness, path: str, kind: str) -> None:
    body = error(kind, "Authentication Error, Error: connect ECONNREFUSED 10.0.0.7:5432\n    at /srv/index.js:45:11")
    answered, document = refused(gate, 401, body, path)
    assert (answered, document["error"]["type"]) == (503, "api_error")
    assert "yours is not at fault" in document["error"]["message"]
    assert gate.records == []


@pytest.mark.parametrize("message", ["litellm.RateLimitError: slow down", "You exceeded your current quota"])
def test_other_errors_stay_what_they_are(gate: GateHarness, message: str) -> None:
    answered, document = refused(gate, 429, error("throttling_error", message))
    assert (answered, document["error"]["message"]) == (429, message)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, "permission_error"), (429, "rate_limit_error"), (422, "invalid_request_error"), (529, "api_error")],
)
def test_an_error_that_litellm_tells_in_the_form_of_another_api_is_told_anew(
    gate: GateHarness, status: int, kind: str
) -> None:
    _, document = refused(gate, status, error("key_model_access_denied", "not for this key"), "/v1/messages")
    assert document == {"type": "error", "error": {"type": kind, "message": "not for this key"}}


@pytest.mark.parametrize("body", [b'{"type": "error", "error": {"type": "x", "message": "y"}}', b"<html>", b"[]"])
def test_an_error_in_the_form_of_the_api_and_one_of_no_form_are_passed_on(gate: GateHarness, body: bytes) -> None:
    gate.litellm.status, gate.litellm.parts = 500, [body]
    assert gate.call("/v1/messages", chat(max_tokens=5)).body == body


def test_credit_of_a_blocked_key_is_given_back(gate: GateHarness) -> None:
    # Given a blocked key of which the gate holds credit
    gate.call()
    gate.credit.standing = "overdrawn"
    refused(gate, 401, BLOCKED)
    assert gate.credit.asked[-1] == (3 * 10**6, 0, gate.credit.asked[-1][2])
    # When it calls again, Then LiteLLM is not asked
    requests = len(gate.litellm.requests)
    assert refused(gate, 401, BLOCKED)[0] == 402
    assert len(gate.litellm.requests) == requests


@pytest.mark.parametrize(
    ("fails", "status", "code"),
    [(UnknownKeyError(), 401, "invalid_api_key"), (CreditUnavailableError(), 403, "key_blocked")],
)
def test_a_blocked_key_whose_standing_cannot_be_asked_is_refused_all_the_same(
    gate: GateHarness, fails: Exception, status: int, code: str
) -> None:
    gate.call()
    gate.credit.fails = fails
    answered, document = refused(gate, 401, BLOCKED)
    assert (answered, document["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("status", "body", "told", "code"),
    [
        (401, EXPIRED, 401, "key_expired"),
        (401, UNKNOWN, 401, "invalid_api_key"),
        (422, BUDGET, 402, "key_cap_reached"),
        (429, BUDGET, 402, "key_cap_reached"),
        (400, BUDGET, 402, "key_cap_reached"),
    ],
)
def test_other_refusals_of_a_key_are_told_by_their_type_whatever_the_status(
    gate: GateHarness, status: int, body: bytes, told: int, code: str
) -> None:
    answered, document = refused(gate, status, body)
    assert (answered, document["error"]["code"]) == (told, code)
    assert not {HASH, "sk-", "1.4e-05"} & set(document["error"]["message"].split())
    assert gate.records == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, error("key_model_access_denied", "The requested model is not available for this API key")),
        (429, error("throttling_error", "Rate limit exceeded")),
        (401, error("auth_error", "upstream: Incorrect API key provided")),
        (502, b"<html>Bad gateway</html>"),
        (500, b"[]"),
    ],
)
def test_what_does_not_concern_the_key_alone_is_passed_on(gate: GateHarness, status: int, body: bytes) -> None:
    gate.litellm.status, gate.litellm.parts = status, [body[:5], body[5:]]
    answered = gate.call()
    assert (answered.status, answered.body) == (status, body)


def test_a_blocked_key_lists_no_models_and_reads_why(gate: GateHarness) -> None:
    gate.credit.standing = "overdrawn"
    gate.litellm.status, gate.litellm.parts = 401, [BLOCKED]
    answered = gate.call("/v1/models", method="GET")
    assert (answered.status, answered.document["error"]["code"]) == (402, "insufficient_credit")
