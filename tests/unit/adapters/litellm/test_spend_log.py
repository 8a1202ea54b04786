"""Reading LiteLLM's spend log."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from flareflow.adapters.litellm import spend_log as module
from flareflow.adapters.litellm.asking import ANSWER_BYTES_MAX
from flareflow.adapters.litellm.client import litellm_client
from flareflow.adapters.litellm.rows import parsed
from flareflow.adapters.litellm.spend_log import PAGE_ROWS_MAX, LiteLLMSpendLog
from flareflow.errors import SpendLogUnavailableError
from flareflow.metering.models import Window
from flareflow.metering.rows import Listing, Reason
from tests.unit.adapters.litellm.vectors import recorded

NOW = datetime(2026, 11, 24, 10, 0, 0, 500_000, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(minutes=1), NOW)


def spend_log(answer: Callable[[httpx.Request], httpx.Response]) -> LiteLLMSpendLog:
    client = litellm_client("http://litellm.test", lambda: "sk-master")
    return LiteLLMSpendLog(
        httpx.Client(base_url=client.base_url, auth=client.auth, transport=httpx.MockTransport(answer))
    )


def spend_log_of(*rows: object) -> LiteLLMSpendLog:
    return spend_log(lambda _: httpx.Response(200, json={"data": rows}))


def row(**changed: object) -> dict[str, object]:
    return {**recorded("spend_logs_v2")["data"][0], **changed}


@pytest.mark.parametrize(
    ("listing", "query"),
    [
        (Listing.ANSWERED, {"status_filter": "success", "sort_by": "startTime", "sort_order": "asc"}),
        (Listing.BY_END, {"status_filter": "success", "sort_by": "endTime", "sort_order": "asc"}),
        (Listing.FAILED_WITH_TOKENS, {"status_filter": "failure", "sort_by": "total_tokens", "sort_order": "desc"}),
        (
            Listing.FAILED_WITH_COST,
            {"status_filter": "failure", "min_spend": "0.0000000001", "sort_by": "startTime", "sort_order": "asc"},
        ),
    ],
)
def test_the_query_asks_for_whole_seconds_that_cover_the_window(listing: Listing, query: dict[str, str]) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"data": []})

    spend_log(answer).page(listing, WINDOW, 3)
    assert asked[0].headers["authorization"] == "Bearer sk-master"
    assert dict(asked[0].url.params) == {
        "start_date": "2026-11-24 09:59:00",
        "end_date": "2026-11-24 10:00:01",
        "page": "3",
        "page_size": "500",
        **query,
    }


def test_a_row_of_another_form_is_set_aside_and_the_others_are_read() -> None:
    page = spend_log_of(row(prompt_tokens=-1), "no row", row()).page(Listing.ANSWERED, WINDOW, 1)
    assert (len(page.set_aside), len(page.rows), page.is_last) == (2, 1, True)


def test_a_page_ends_at_the_last_start_that_can_be_read() -> None:
    rows = [row(), row(startTime="2026-11-23T12:50:00Z", prompt_tokens=-1), row(startTime="never")]
    assert spend_log_of(*rows).page(Listing.ANSWERED, WINDOW, 1).ends_at == datetime(2026, 11, 23, 12, 50, tzinfo=UTC)


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[bytes | str]:
    """What is parsed by Python's own parser of JSON, which takes several times as long as pydantic's."""
    texts: list[bytes | str] = []

    def parse(text: bytes | str) -> object:
        texts.append(text)
        return parsed(text)

    monkeypatch.setattr(module, "parsed", parse)
    return texts


def test_a_page_is_read_without_the_slow_parser(parses: list[bytes | str]) -> None:
    page = spend_log_of(*[row(metadata=json.dumps(row()["metadata"]))] * 3).page(Listing.ANSWERED, WINDOW, 1)
    assert (len(page.rows), parses) == (3, [])


def test_a_page_is_parsed_once_more_for_all_rows_that_are_kept_whole(parses: list[bytes | str]) -> None:
    # Given a page with two rows of another form, one with a total that differs, and a good one with another cost
    costly = row(spend=1.4999999999999999e-05)
    strange = (row(prompt_tokens=-1), "no row", row(total_tokens=9))
    page = spend_log_of(costly, *strange).page(Listing.ANSWERED, WINDOW, 1)
    # Then each is kept as LiteLLM wrote it
    bodies = [json.loads(one.body, parse_float=str) for one in page.set_aside]
    assert bodies == [json.loads(json.dumps(one), parse_float=lambda text: str(Decimal(text))) for one in strange]
    assert json.loads(page.rows[0].body())["spend"] == "0.000014999999999999999"
    # And the page was parsed once for that
    assert len(parses) == 1


def test_a_row_is_the_same_whether_the_text_of_its_page_is_compressed_or_not() -> None:
    as_it_is, compressed = (spend_log_of(row(), row(user="é")).page(Listing.ANSWERED, WINDOW, 1) for _ in range(2))
    assert as_it_is.text and compressed.text
    compressed.text.compress()
    assert compressed.text.held_bytes < as_it_is.text.held_bytes
    compressed.text.compress()
    assert [one.body() for one in compressed.rows] == [one.body() for one in as_it_is.rows]
    assert json.loads(compressed.rows[1].body())["user"] == "é"


@pytest.mark.parametrize("token", ["9" * 5_000, '"\\ud800"', "NaN", "1e999"])
def test_what_the_fast_parser_does_not_take_holds_up_no_other_row(token: str) -> None:
    body = json.dumps({"data": [row(), row(user="TOKEN"), row(prompt_tokens="TOKEN")]}).replace('"TOKEN"', token)
    page = spend_log(lambda _: httpx.Response(200, content=body)).page(Listing.ANSWERED, WINDOW, 1)
    assert (len(page.rows), [one.reason for one in page.set_aside]) == (2, [Reason.TOKENS_UNREADABLE])


@pytest.mark.parametrize(
    ("spend", "cost_nanousd"), [("0.000015", 15_000), ("1.4999999999999999e-05", 15_000), ("7e-06", 7_000), ("0", 0)]
)
def test_a_cost_on_a_page_is_read_by_the_shortest_text_of_its_number(spend: str, cost_nanousd: int) -> None:
    body = json.dumps({"data": [row(spend="SPEND")]}).replace('"SPEND"', spend)
    page = spend_log(lambda _: httpx.Response(200, content=body)).page(Listing.ANSWERED, WINDOW, 1)
    assert page.rows[0].call.cost_nanousd == cost_nanousd


def test_failures_are_listed_only_as_far_as_they_have_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a full page of failures, of which only the first has tokens
    monkeypatch.setattr(module, "PAGE_ROWS_MAX", 3)
    nothing = {"total_tokens": 0, "prompt_tokens": 0, "completion_tokens": 0}
    failures = [row(status="failure"), row(status="failure", **nothing), row(status="failure", **nothing)]
    # When it is listed, Then it is the last page
    page = spend_log_of(*failures).page(Listing.FAILED_WITH_TOKENS, WINDOW, 1)
    assert (len(page.rows), page.is_last) == (1, True)
    # And a full page of failures that have tokens is not
    assert not spend_log_of(*failures[:1] * 3).page(Listing.FAILED_WITH_TOKENS, WINDOW, 1).is_last


@pytest.mark.parametrize(
    ("told", "count"),
    [
        ({"total": 9_999, "total_is_capped": False}, 9_999),
        ({"total": 10_000, "total_is_capped": True}, None),
        ({}, None),
    ],
)
def test_the_number_of_rows_is_known_up_to_where_litellm_stops_counting(told: dict[str, object], count: int) -> None:
    log = spend_log(lambda _: httpx.Response(200, json={"data": [], **told}))
    assert log.count(WINDOW) == count


def test_a_full_page_is_not_the_last_one_even_with_a_row_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE_ROWS_MAX", 2)
    assert not spend_log_of(row(), row()).page(Listing.ANSWERED, WINDOW, 1).is_last
    assert not spend_log_of(row(), row(prompt_tokens=-1)).page(Listing.ANSWERED, WINDOW, 1).is_last
    assert spend_log_of(row()).page(Listing.ANSWERED, WINDOW, 1).is_last


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(401, json={"error": {"message": "no"}}),
        httpx.Response(302, headers={"location": "http://elsewhere.test"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"data": "none"}),
    ],
)
def test_any_other_answer_means_that_the_spend_log_is_unavailable(answer: httpx.Response) -> None:
    with pytest.raises(SpendLogUnavailableError):
        spend_log(lambda _: answer).page(Listing.ANSWERED, WINDOW, 1)


def test_a_page_of_more_rows_than_were_asked_for_is_refused() -> None:
    # Given as many good rows as a page has
    rows = [row()] * PAGE_ROWS_MAX
    assert len(spend_log_of(*rows).page(Listing.ANSWERED, WINDOW, 1).rows) == PAGE_ROWS_MAX
    # When LiteLLM sends one more, then the page is refused
    with pytest.raises(SpendLogUnavailableError):
        spend_log_of(*rows, row()).page(Listing.ANSWERED, WINDOW, 1)


def test_an_answer_of_more_bytes_than_the_limit_is_refused() -> None:
    # Given a good page, padded to as many bytes as an answer may have
    body = json.dumps({"data": [row()]}).encode()
    longest = body + b" " * (ANSWER_BYTES_MAX - len(body))
    assert len(spend_log(lambda _: httpx.Response(200, content=longest)).page(Listing.ANSWERED, WINDOW, 1).rows) == 1
    # When it has one byte more, then it is refused
    with pytest.raises(SpendLogUnavailableError, match=f"more than {ANSWER_BYTES_MAX} bytes"):
        spend_log(lambda _: httpx.Response(200, content=longest + b" ")).page(Listing.ANSWERED, WINDOW, 1)


def test_no_answer_means_that_the_spend_log_is_unavailable() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(SpendLogUnavailableError):
        spend_log(refuse).page(Listing.ANSWERED, WINDOW, 1)
