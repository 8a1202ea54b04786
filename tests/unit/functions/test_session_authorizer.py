"""Who is let in by the HTTP API's authorizer."""

import pytest

from flareflow.accounts.models import Session
from flareflow.accounts.sign_in import FindSession
from flareflow.credentials import token_hash
from tests.fakes.accounts import ALICE, FakeClock, FakeSessions
from tests.support.functions import Function, Load, sample


@pytest.fixture
def authorizer(load: Load) -> Function:
    clock, sessions = FakeClock(), FakeSessions()
    sessions.put(token_hash("ab" * 32), Session(ALICE, clock.now.replace(hour=23)))
    return load("session_authorizer", find_session=FindSession(sessions, clock))


def test_a_valid_session_is_authorized_as_its_account(authorizer: Function) -> None:
    answer = authorizer.handle(sample("session_authorizer"))
    assert answer == {"isAuthorized": True, "context": {"address": ALICE}}


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", "Bearer \udcff", f"Basic {'ab' * 32}", "ab" * 32]
)
def test_anything_else_goes_on_without_an_account(authorizer: Function, header: str) -> None:
    event = sample("session_authorizer")
    event["headers"]["authorization"] = header
    assert authorizer.handle(event) == {"isAuthorized": True, "context": {"address": ""}}
