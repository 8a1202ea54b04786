"""An account's view of its subscriptions over HTTP."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from flareflow.accounts import usage_history
from flareflow.accounts.subscriptions import ReadJournal, ReadSubscriptions, ReadUsage
from flareflow.accounts.usage_history import ReadHistory
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.dynamodb.usage_history import DynamoUsageHistory
from flareflow.json_format import timestamp
from flareflow.keccak import keccak256
from flareflow.metering.calls import TOKEN_KINDS, Tokens
from flareflow.metering.price_book import Price, PriceBook
from flareflow.realtime.tickets import GiveTicket
from flareflow.time import Epochs
from tests.fakes.accounts import ALICE, BOB, FakeClock, FakeLedger, FakeMeteredUsage, FakeStandings, FakeTokens
from tests.fakes.metering import NOW, FakePriceBooks, FakeUsageEvents, record, row, swept
from tests.fakes.realtime import FakeTickets
from tests.fakes.settlement import FakeKnownRates
from tests.support.functions import Function, Load
from tests.support.memory_table import MemoryTable
from tests.unit.accounts.focus_costs import FIRST, FOCUS, Costs
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
        read_history=ReadHistory(ledger, DynamoUsageHistory(MemoryTable().as_table()), FakeClock()),
        read_costs=Costs().reading,
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


def test_usage_is_summed_and_listed_over_http(load: Load) -> None:
    # Given a billed call
    table, ledger = MemoryTable().as_table(), FakeLedger()
    metering = DynamoUsageEvents(table, lambda _: None, FakePriceBooks())
    metering.open_epoch_if_none(Epochs().at(NOW))
    metering.count([row("a", started_at=NOW - timedelta(minutes=1))], NOW)
    ledger.open(1, ALICE, 100_000_000)
    history = ReadHistory(ledger, DynamoUsageHistory(table), lambda: NOW)
    api = load("account_api", read_history=history)
    # When it is summed by two things, in either form of a list, and listed
    window = {"from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00+01:00"}
    [group] = api.call("GET", "/v1/subscriptions/1/usage", query={"by": "model,hour", **window}).body["items"]
    listed = api.call("GET", "/v1/subscriptions/1/events", query=window).body
    # Then it is pending, in the hour in which it began
    began = (NOW - timedelta(minutes=1)).replace(minute=0, second=0, microsecond=0)
    assert group["group"] == {"key_hash": None, "model": "gpt-4.1-mini", "start": timestamp(began)}
    assert (group["pending"]["requests"], group["settled"]["requests"]) == ("1", "0")
    assert [one["state"] for one in listed["items"]] == ["pending"]


def test_usage_is_exported_as_a_table_with_a_link_to_the_rest(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given two calls, in packs of their own, and a table that holds one
    monkeypatch.setattr(usage_history, "EVENTS_EXPORTED", 1)
    table, ledger = MemoryTable().as_table(), FakeLedger()
    metering = DynamoUsageEvents(table, lambda _: None, FakePriceBooks())
    metering.open_epoch_if_none(Epochs().at(NOW))
    for hours in (1, 2):
        metering.count([row(f"{hours}", Tokens(prompt=hours), started_at=NOW - timedelta(hours=hours))], NOW)
    ledger.open(1, ALICE, 100_000_000)
    history = ReadHistory(ledger, DynamoUsageHistory(table), lambda: NOW)
    api = load("account_api", read_history=history)
    # When it is read to its end
    path, query = "/v1/subscriptions/1/exports/usage", {"from": "2026-11-01T00:00:00Z"}
    first = api.call("GET", path, query=query)
    [link] = re.findall(r'<(.+)>; rel="next"', first.headers["Link"])
    second = api.call("GET", path, query=dict(parse_qsl(urlsplit(link).query)))
    # Then each part names its columns, and they are all
    rows = [row for part in (first, second) for row in csv.DictReader(io.StringIO(part.text))]
    assert [(row["prompt_tokens"], row["model"], row["state"]) for row in rows] == [
        ("1", "gpt-4.1-mini", "pending"),
        ("2", "gpt-4.1-mini", "pending"),
    ]
    assert first.headers["Content-Type"].startswith("text/csv")
    assert "Link" not in second.headers


def test_costs_are_exported_in_the_columns_of_focus(load: Load) -> None:
    # Given a settled call
    costs = Costs()
    costs.call(FIRST)
    costs.charge(FIRST, 1_000_000_000, 2_000_000)
    api = load("account_api", read_costs=costs.reading, focus=FOCUS)
    # When its costs are exported, and by somebody else
    path = "/v1/subscriptions/7/exports/focus"
    answer = api.call("GET", path)
    # Then there is a line of it, for its owner only
    [line] = csv.DictReader(io.StringIO(answer.text))
    assert (line["BillingAccountId"], line["BilledCost"], line["SubAccountId"]) == (ALICE, "0.005", "subscription-7")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert api.call("GET", path, caller=BOB).status == 404


def test_costs_without_a_rate_are_refused(load: Load) -> None:
    costs = Costs()
    costs.call(FIRST)
    costs.charge(FIRST, 1_000_000_000, 2_000_000)
    costs.rates.last = None
    api = load("account_api", read_costs=costs.reading, focus=FOCUS)
    answer = api.call("GET", "/v1/subscriptions/7/exports/focus")
    assert (answer.status, answer.body["code"]) == (409, "rate_unknown")


@pytest.mark.parametrize(
    "query",
    [{"by": "owner"}, {"by": "key,model,day,hour"}, {"from": "yesterday"}, {"from": "0001-01-01T00:00:00Z"}],
)
def test_a_sum_that_cannot_be_made_is_refused(load: Load, query: dict[str, str]) -> None:
    answer = load("account_api").call("GET", "/v1/subscriptions/1/usage", query=query)
    assert (answer.status, answer.body["code"]) == (400, "invalid_request")


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
        ("GET", "/v1/subscriptions/7/usage"),
        ("GET", "/v1/subscriptions/7/events"),
        ("GET", "/v1/subscriptions/7/exports/usage"),
        ("GET", "/v1/subscriptions/7/exports/focus"),
        ("POST", "/v1/websocket-tickets"),
    ],
)
def test_a_request_without_sign_in_is_refused(account: Function, method: str, path: str) -> None:
    answer = account.call(method, path, caller=None)
    assert (answer.status, answer.body["code"]) == (401, "sign_in_required")
