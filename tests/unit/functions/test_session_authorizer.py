"""Who is let in by the HTTP API's authorizer."""

from typing import Final

import pytest

from flareflow.accounts.operators import Operators
from flareflow.accounts.sessions import FindSession, OpenSession
from flareflow.inputs import Client
from tests.fakes.accounts import ALICE, BOB, FakeClock, FakeSessions
from tests.support.functions import Function, Load, sample

VALID_TOKEN: Final = sample("session_authorizer")["headers"]["authorization"].removeprefix("Bearer ")


@pytest.fixture
def authorizer(load: Load) -> Function:
    clock, sessions = FakeClock(), FakeSessions()
    signed_in = OpenSession(sessions, lambda: "ab" * 32, clock).run(ALICE, Client("192.0.2.1", "a browser"))
    assert signed_in.access_token == VALID_TOKEN
    return load("session_authorizer", find_session=FindSession(sessions, clock), operators=Operators.listed(BOB))


def test_a_valid_session_is_authorized_as_its_account(authorizer: Function) -> None:
    answer = authorizer.handle(sample("session_authorizer"))
    told = {"address": ALICE, "session_id": "ab" * 32, "is_operator": False}
    assert answer == {"isAuthorized": True, "context": told}


@pytest.mark.parametrize(
    ("listed", "is_operator"),
    [("", False), (ALICE, True), (f"{BOB},{ALICE}", True), (BOB, False), (ALICE[:-1], False), (ALICE + "0", False)],
)
def test_an_operator_is_an_account_that_is_listed(
    authorizer: Function, monkeypatch: pytest.MonkeyPatch, listed: str, is_operator: bool
) -> None:
    monkeypatch.setattr(authorizer.module, "operators", lambda: Operators.listed(listed))
    assert authorizer.handle(sample("session_authorizer"))["context"]["is_operator"] is is_operator


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", "Bearer \udcff", f"Basic {VALID_TOKEN}", VALID_TOKEN]
)
def test_anything_else_goes_on_without_an_account(authorizer: Function, header: str) -> None:
    event = sample("session_authorizer")
    event["headers"]["authorization"] = header
    assert authorizer.handle(event) == {"isAuthorized": True, "context": {"address": ""}}
