"""An account's view of its subscriptions over HTTP."""

import json
from dataclasses import replace

import pytest

from flareflow.accounts.subscriptions import ReadJournal, ReadSubscriptions, ReadUsage
from flareflow.keccak import keccak256
from flareflow.metering.calls import TOKEN_KINDS, Tokens
from flareflow.metering.price_book import Price, PriceBook
from flareflow.realtime.tickets import GiveTicket
from tests.fakes.accounts import ALICE, BOB, FakeClock, FakeLedger, FakeMeteredUsage, FakeStandings, FakeTokens
from tests.fakes.metering import NOW, FakePriceBooks, FakeUsageEvents, record, row, swept
from tests.fakes.realtime import FakeTickets
from tests.fakes.settlement import FakeKnownRates
from tests.support.functions import Function, Load
from tests.unit.metering import rating_by_the_page


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


def test_an_owner_can_rate_every_event_again_by_the_book_that_it_names(load: Load) -> None:
    # Given a call that was counted, with tokens of every kind, and one of a fallback that no row confirms
    book = PriceBook(
        version=1,
        title="",
        models={
            "gpt-4.1-mini": Price(prompt=10, cache_read=1, cache_write=12, completion=40, reasoning=50, audio_input=9),
            "dear": Price(prompt=90, completion=900),
        },
        default=Price(nanousd=1),
    )
    metering = FakeUsageEvents(epoch=1, books=FakePriceBooks({0: book}))
    metering.count([row("a", Tokens(1, 2, 3, 4, 5, 6, 7))], NOW)
    fallback = record("call-2")
    metering.record([replace(fallback, call=replace(fallback.call, answered_by="dear"))], NOW)
    swept(metering, NOW, 10, NOW)
    ledger = FakeLedger()
    ledger.open(1, ALICE, 100_000_000)
    usage = FakeMeteredUsage(by_epoch=dict(metering.by_epoch))
    api = load("account_api", read_usage=ReadUsage(ledger, usage))
    # When the owner reads the events
    items = api.call("GET", "/v1/subscriptions/1/usage/1", caller=ALICE).body["items"]
    events = [json.loads(item["leaf"]) for item in items]
    # Then each shows the kinds and the book, and comes to the same by the book's text
    assert [event["tokens"].get("reasoning") for event in events] == ["5", None]
    for event in events:
        kinds = {kind: int(event["tokens"].get(kind, "0")) for kind in TOKEN_KINDS}
        units = {unit: int(event["units"].get(unit, "0")) for unit in ("images", "milliseconds")}
        told = {"model": event["model"], "base_model": event["base_model"], "tokens": kinds, **units}
        told["cost_nanousd"] = int(event["cost_nanousd"])
        assert rating_by_the_page.rating(json.loads(book.canonical_json), told) == int(event["rated_microtokens"])
        assert event["price_book_hash"] == f"0x{keccak256(book.canonical_json.encode()).hex()}"


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
