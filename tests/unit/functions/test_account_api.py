"""An account's view of its subscriptions over HTTP."""

import pytest

from flareflow.accounts.subscriptions import ReadJournal, ReadSubscriptions, ReadUsage
from flareflow.realtime.tickets import GiveTicket
from tests.fakes.accounts import (
    ALICE,
    BOB,
    FakeClock,
    FakeLedger,
    FakeMeteredUsage,
    FakeStandings,
    FakeTokens,
)
from tests.fakes.realtime import FakeTickets
from tests.fakes.settlement import FakeKnownRates
from tests.support.functions import Function, Load


@pytest.fixture
def account(load: Load) -> Function:
    ledger, usage = FakeLedger(), FakeMeteredUsage()
    ledger.open(7, ALICE, 100_000_000)
    return load(
        "account_api",
        read_subscriptions=ReadSubscriptions(ledger, usage, FakeKnownRates(), FakeStandings()),
        read_journal=ReadJournal(ledger),
        read_usage=ReadUsage(ledger, usage),
        give_ticket=GiveTicket(FakeTickets(), FakeTokens(), FakeClock()),
    )


@pytest.mark.parametrize("path", ["", "/journal", "/usage/1"])
@pytest.mark.parametrize(("caller", "status"), [(ALICE, 200), (BOB, 404)])
def test_a_subscription_is_read_by_its_owner_only(account: Function, path: str, caller: str, status: int) -> None:
    assert account.call("GET", f"/v1/subscriptions/7{path}", caller=caller).status == status


def test_a_list_holds_the_callers_own_only(account: Function) -> None:
    assert len(account.call("GET", "/v1/subscriptions").body["items"]) == 1
    assert account.call("GET", "/v1/subscriptions", caller=BOB).body == {"items": [], "next_cursor": None}


def test_numbers_of_a_subscription_are_decimal_text(account: Function) -> None:
    body = account.call("GET", "/v1/subscriptions/7").body
    assert body["subscription"]["balance_ufix64"] == "100000000"
    assert body["estimated_charge_ufix64"] == "0"


def test_a_ticket_is_given(account: Function) -> None:
    answer = account.call("POST", "/v1/websocket-tickets")
    assert answer.status == 201
    assert set(answer.body) == {"ticket", "expires_at"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/subscriptions"),
        ("GET", "/v1/subscriptions/7"),
        ("GET", "/v1/subscriptions/7/journal"),
        ("GET", "/v1/subscriptions/7/usage/1"),
        ("POST", "/v1/websocket-tickets"),
    ],
)
def test_a_request_without_sign_in_is_refused(account: Function, method: str, path: str) -> None:
    answer = account.call(method, path, caller=None)
    assert (answer.status, answer.body["code"]) == (401, "sign_in_required")
