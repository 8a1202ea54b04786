"""Sign-in by wallet over HTTP, and how every HTTP function reports a failure."""

from dataclasses import dataclass

import pytest

from flareflow.accounts.proof import ProveAccount
from flareflow.accounts.sign_in import GiveNonce, SignIn
from flareflow.adapters.flow.account_proof import EcdsaProofVerifier
from flareflow.errors import FlowUnavailableError, RaceLostError
from tests.fakes.accounts import ALICE, FakeAccountKeys, FakeClock, FakeNonces, FakeSessions, FakeTokens
from tests.support.functions import Function, Load


@pytest.fixture
def auth(load: Load) -> Function:
    nonces, tokens, clock = FakeNonces(), FakeTokens(), FakeClock()
    prove = ProveAccount(FakeAccountKeys(), EcdsaProofVerifier())
    origins = frozenset({"https://app.flareflow.example"})
    return load(
        "wallet_auth",
        give_nonce=GiveNonce(nonces, tokens, clock),
        sign_in=SignIn(nonces, FakeSessions(), prove, origins, tokens, clock),
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
        ({"signatures": []}, 400, "invalid_request"),
        ({"signatures": [{"key_index": 0, "signature": "00" * 64}] * 11}, 400, "invalid_request"),
        ({"signatures": [{"key_index": -1, "signature": "00" * 64}]}, 400, "invalid_request"),
        ({"signatures": [{"key_index": 0, "signature": "00" * 65}]}, 400, "invalid_request"),
    ],
)
def test_a_sign_in_that_is_refused_says_why(auth: Function, change: dict[str, object], status: int, code: str) -> None:
    proof = {
        "address": ALICE,
        "nonce": "ab" * 32,
        "origin": "https://app.flareflow.example",
        "signatures": [{"key_index": 0, "signature": "00" * 64}],
    }
    answer = auth.call("POST", "/v1/auth/sessions", proof | change, caller=None)
    assert (answer.status, answer.body["code"]) == (status, code)


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
