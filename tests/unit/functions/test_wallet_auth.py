"""Sign-in by wallet over HTTP, and how every HTTP function reports a failure."""

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest

from flareflow.accounts.operators import Operators
from flareflow.accounts.proof import ProveAccount
from flareflow.accounts.sessions import ListSessions, OpenSession, RefreshSession, SignOut
from flareflow.accounts.sign_in import GiveNonce, SignIn
from flareflow.adapters.flow.account_proof import EcdsaProofVerifier
from flareflow.errors import FlowUnavailableError, RaceLostError
from tests.fakes.accounts import ALICE, BOB, FakeAccountKeys, FakeClock, FakeNonces, FakeSessions, FakeTokens
from tests.support.functions import SOURCE_IP, Function, Load

PROOF = {
    "address": ALICE,
    "nonce": "ab" * 32,
    "origin": "https://app.flareflow.example",
    "signatures": [{"key_index": 0, "signature": "00" * 64}],
}


@pytest.fixture
def auth(load: Load) -> Function:
    nonces, tokens, clock, sessions = FakeNonces(), FakeTokens(), FakeClock(), FakeSessions()
    prove = ProveAccount(FakeAccountKeys(), EcdsaProofVerifier())
    origins = frozenset({"https://app.flareflow.example"})
    return load(
        "wallet_auth",
        give_nonce=GiveNonce(nonces, tokens, clock),
        sign_in=SignIn(nonces, prove, origins, OpenSession(sessions, tokens, clock), clock),
        refresh_session=RefreshSession(sessions, lambda _: None, tokens, clock),
        list_sessions=ListSessions(sessions, clock),
        sign_out=SignOut(sessions, lambda _: None),
        operators=Operators.listed(BOB),
    )


def test_a_nonce_is_given_to_anybody(auth: Function) -> None:
    answer = auth.call("POST", "/v1/auth/nonces", caller=None)
    assert answer.status == 201
    assert len(answer.body["nonce"]) == 64


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({}, 401, "unknown_nonce"),
        ({"origin": "https://evil.example"}, 403, "foreign_origin"),
        ({"address": "0xnonsense"}, 400, "invalid_address"),
        ({"nonce": "AB" * 32}, 400, "invalid_request"),
        ({"proof_type": "passkey"}, 400, "invalid_request"),
        ({"signatures": []}, 400, "invalid_request"),
        ({"signatures": [{"key_index": 0, "signature": "00" * 64}] * 11}, 400, "invalid_request"),
        ({"signatures": [{"key_index": -1, "signature": "00" * 64}]}, 400, "invalid_request"),
        ({"signatures": [{"key_index": 0, "signature": "00" * 65}]}, 400, "invalid_request"),
    ],
)
def test_a_sign_in_that_is_refused_says_why(auth: Function, change: dict[str, object], status: int, code: str) -> None:
    answer = auth.call("POST", "/v1/auth/sessions", PROOF | change, caller=None)
    assert (answer.status, answer.body["code"]) == (status, code)


@pytest.fixture
def signed_in(auth: Function, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A session of Alice, whose proof is believed."""
    believing = replace(auth.module.sign_in(), prove=SimpleNamespace(run=lambda proof: None))
    monkeypatch.setattr(auth.module, "sign_in", lambda: believing)
    nonce = auth.call("POST", "/v1/auth/nonces", caller=None).body["nonce"]
    answer = auth.call("POST", "/v1/auth/sessions", PROOF | {"nonce": nonce}, caller=None)
    assert answer.status == 201
    body: dict[str, Any] = answer.body
    return body


def test_a_sign_in_gives_two_tokens_and_their_ends(signed_in: dict[str, Any]) -> None:
    assert signed_in.keys() == {
        *("session_id", "address", "access_token", "expires_at", "refresh_token", "refresh_expires_at"),
        "is_operator",
    }
    assert (signed_in["address"], signed_in["expires_at"]) == (ALICE, "2026-11-24T10:15:00.000000Z")
    assert signed_in["refresh_expires_at"] == "2026-12-01T10:00:00.000000Z"


def test_an_operator_is_told_so_at_sign_in_and_at_each_refresh(
    auth: Function, monkeypatch: pytest.MonkeyPatch, signed_in: dict[str, Any]
) -> None:
    # Given a session of Alice, who is no operator
    assert signed_in["is_operator"] is False
    # When she is listed among the operators, Then her next tokens come with that word
    monkeypatch.setattr(auth.module, "operators", lambda: Operators.listed(f"{BOB},{ALICE}"))
    refreshed = auth.call("POST", "/v1/auth/tokens", {"refresh_token": signed_in["refresh_token"]}, caller=None)
    assert refreshed.body["is_operator"] is True


def test_a_request_says_what_its_wallet_has_signed(auth: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a door that notes the type of each proof
    seen: list[str] = []
    noting = replace(auth.module.sign_in(), prove=SimpleNamespace(run=lambda proof: seen.append(proof.type)))
    monkeypatch.setattr(auth.module, "sign_in", lambda: noting)
    # When both types are sent, and one that does not say
    for change in ({"proof_type": "account-proof"}, {"proof_type": "user-signature"}, {}):
        nonce = auth.call("POST", "/v1/auth/nonces", caller=None).body["nonce"]
        auth.call("POST", "/v1/auth/sessions", PROOF | change | {"nonce": nonce}, caller=None)
    # Then each is checked as what it is; an account proof is meant where nothing is said
    assert seen == ["account-proof", "user-signature", "account-proof"]


def test_a_refresh_token_that_was_exchanged_gives_no_other_pair(auth: Function, signed_in: dict[str, Any]) -> None:
    # Given a session that was refreshed twice
    tokens = [signed_in["refresh_token"]]
    for _ in range(2):
        refreshed = auth.call("POST", "/v1/auth/tokens", {"refresh_token": tokens[-1]}, caller=None)
        assert (refreshed.status, refreshed.body["session_id"]) == (201, signed_in["session_id"])
        tokens.append(refreshed.body["refresh_token"])
    # When its first refresh token comes again, Then it is refused
    again = auth.call("POST", "/v1/auth/tokens", {"refresh_token": tokens[0]}, caller=None)
    assert (again.status, again.body["code"]) == (401, "refresh_token_reused")


def test_an_account_lists_its_sessions_and_signs_out(auth: Function, signed_in: dict[str, Any]) -> None:
    # Given a session that was opened by a browser
    path, listed = f"/v1/auth/sessions/{signed_in['session_id']}", auth.call("GET", "/v1/auth/sessions")
    [one] = listed.body["items"]
    assert (one["session_id"], one["source_ip"], one["user_agent"]) == (signed_in["session_id"], SOURCE_IP, "a test")
    assert one["is_current"] is False
    # When somebody else ends it, Then it does not exist; when its account does, it is gone
    assert auth.call("DELETE", path, caller=BOB).body["code"] == "session_not_found"
    assert auth.call("DELETE", path).status == 204
    assert auth.call("GET", "/v1/auth/sessions").body["items"] == []
    assert auth.call("DELETE", "/v1/auth/sessions").status == 204


def test_sign_ins_and_sign_outs_are_logged_without_tokens(
    auth: Function, caplog: pytest.LogCaptureFixture, signed_in: dict[str, Any]
) -> None:
    # When a session is refreshed twice, and its first token comes again
    first = {"refresh_token": signed_in["refresh_token"]}
    second = auth.call("POST", "/v1/auth/tokens", first, caller=None).body["refresh_token"]
    for body in ({"refresh_token": second}, first):
        auth.call("POST", "/v1/auth/tokens", body, caller=None)
    auth.call("DELETE", "/v1/auth/sessions")
    # Then the log says who signed in, whose token came again, and who signed out
    records = [*caplog.get_records("setup"), *caplog.records]
    told = [(line["message"], line["account"]) for line in map(vars, records)]
    assert told == [("signed in", ALICE), ("request refused", ALICE), ("signed out everywhere", ALICE)]
    for token in (signed_in["access_token"], signed_in["refresh_token"]):
        assert token.rpartition("_")[2] not in str([vars(record) for record in records])


@dataclass
class Failing:
    """A use case that fails."""

    failure: Exception

    def run(self) -> None:
        raise self.failure


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (FlowUnavailableError("http://internal-host:8888 refused the connection"), 503, "temporarily_unavailable"),
        (RaceLostError("internal-host took a secret detail first"), 503, "temporarily_unavailable"),
        (ValueError("a secret detail"), 500, "internal_error"),
    ],
)
def test_an_internal_failure_reveals_no_details(load: Load, failure: Exception, status: int, code: str) -> None:
    answer = load("wallet_auth", give_nonce=Failing(failure)).call("POST", "/v1/auth/nonces")
    assert (answer.status, answer.body["code"]) == (status, code)
    assert "secret" not in answer.text
    assert "internal-host" not in answer.text
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_an_outage_is_logged_in_a_few_lines(load: Load, caplog: pytest.LogCaptureFixture) -> None:
    # Given an outage whose cause has a long message
    failure = FlowUnavailableError("the access node did not answer")
    failure.__cause__ = ConnectionError("refused " * 10_000)
    # When a request meets it
    load("wallet_auth", give_nonce=Failing(failure)).call("POST", "/v1/auth/nonces")
    # Then the log names both, and has no trace
    [line] = [record for record in caplog.records if record.message == "a request cannot be served now"]
    assert vars(line)["causes"] == [
        "FlowUnavailableError: the access node did not answer",
        f"ConnectionError: {'refused ' * 10_000}"[:300],
    ]
    assert line.exc_info is None


def test_an_unknown_route_is_a_problem_document(auth: Function) -> None:
    answer = auth.call("GET", "/v1/elsewhere")
    assert (answer.status, answer.body["code"]) == (404, "route_not_found")
