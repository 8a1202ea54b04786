"""Reading LiteLLM's spend log."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from flareflow.adapters.litellm import spend_log as module
from flareflow.adapters.litellm.client import litellm_client
from flareflow.adapters.litellm.spend_log import ANSWER_BYTES_MAX, PAGE_ROWS_MAX, LiteLLMSpendLog
from flareflow.errors import SpendLogUnavailableError
from flareflow.metering.models import FinishedCall, Window
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


def test_a_recorded_row_is_read_as_the_call_it_reports() -> None:
    page = spend_log_of(row()).page(WINDOW, 1)
    assert page.is_last
    assert page.calls == (
        FinishedCall(
            litellm_call_id=str(row()["litellm_call_id"]),
            key_hash="24da3ae6f2d95d60b6ecf6d1b75c7b7cb2bbd168e53937861b9bec93af0e22e8",
            model="fake-gpt",
            prompt_tokens=3,
            completion_tokens=2,
            cost_nanousd=7_000,
            started_at=datetime(2026, 11, 23, 12, 47, 46, 224_000, tzinfo=UTC),
            ended_at=datetime(2026, 11, 23, 12, 47, 46, 230_000, tzinfo=UTC),
        ),
    )


def test_the_query_asks_for_whole_seconds_that_cover_the_window_oldest_first() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"data": []})

    spend_log(answer).page(WINDOW, 3)
    assert asked[0].headers["authorization"] == "Bearer sk-master"
    assert dict(asked[0].url.params) == {
        "start_date": "2026-11-24 09:59:00",
        "end_date": "2026-11-24 10:00:01",
        "page": "3",
        "page_size": "500",
        "sort_by": "startTime",
        "sort_order": "asc",
        "status_filter": "success",
    }


@pytest.mark.parametrize(
    ("spend", "cost_nanousd"), [("0.000015", 15_000), ("1.4999999999999999e-05", 15_000), ("7e-06", 7_000), ("0", 0)]
)
def test_a_cost_is_read_by_its_decimal_text_and_rounded_to_the_nearest_unit(spend: str, cost_nanousd: int) -> None:
    body = json.dumps({"data": [row(spend="SPEND")]}).replace('"SPEND"', spend)
    page = spend_log(lambda _: httpx.Response(200, text=body)).page(WINDOW, 1)
    assert page.calls[0].cost_nanousd == cost_nanousd


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "failure"},
        {"prompt_tokens": -1},
        {"prompt_tokens": 10**12},
        {"litellm_call_id": None},
        {"litellm_call_id": "x" * 300},
        {"startTime": "2026-11-23T12:47:46"},
        {"spend": -1},
    ],
)
def test_a_row_of_an_unknown_form_is_counted_and_the_others_are_read(wrong: dict[str, object]) -> None:
    page = spend_log_of(row(**wrong), row()).page(WINDOW, 1)
    assert (page.unreadable, len(page.calls)) == (1, 1)


def test_a_full_page_is_not_the_last_one_even_with_a_row_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE_ROWS_MAX", 2)
    assert not spend_log_of(row(), row()).page(WINDOW, 1).is_last
    assert not spend_log_of(row(), row(prompt_tokens=-1)).page(WINDOW, 1).is_last
    assert spend_log_of(row()).page(WINDOW, 1).is_last


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
        spend_log(lambda _: answer).page(WINDOW, 1)


def test_a_page_of_more_rows_than_were_asked_for_is_refused() -> None:
    # Given as many good rows as a page has
    rows = [row()] * PAGE_ROWS_MAX
    assert len(spend_log_of(*rows).page(WINDOW, 1).calls) == PAGE_ROWS_MAX
    # When LiteLLM sends one more, then the page is refused
    with pytest.raises(SpendLogUnavailableError):
        spend_log_of(*rows, row()).page(WINDOW, 1)


def test_an_answer_of_more_bytes_than_the_limit_is_refused() -> None:
    # Given a good page, padded to as many bytes as an answer may have
    body = json.dumps({"data": [row()]}).encode()
    longest = body + b" " * (ANSWER_BYTES_MAX - len(body))
    assert len(spend_log(lambda _: httpx.Response(200, content=longest)).page(WINDOW, 1).calls) == 1
    # When it has one byte more, then it is refused
    with pytest.raises(SpendLogUnavailableError, match=f"more than {ANSWER_BYTES_MAX} bytes"):
        spend_log(lambda _: httpx.Response(200, content=longest + b" ")).page(WINDOW, 1)


def test_no_answer_means_that_the_spend_log_is_unavailable() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(SpendLogUnavailableError):
        spend_log(refuse).page(WINDOW, 1)
