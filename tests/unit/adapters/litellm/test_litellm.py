"""What LiteLLM 1.106.2 really answered and pushed, and what it must not get away with."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from flareflow.adapters.litellm import spend_log as litellm
from flareflow.adapters.litellm.spend_log import LiteLLMSpendLog, litellm_client, pushed_calls
from flareflow.errors import InvalidRequestError, SpendLogUnavailableError
from flareflow.metering.models import FinishedCall, Window

VECTORS = Path(__file__).parents[3] / "vectors" / "litellm"
NOW = datetime(2026, 11, 24, 10, 0, 0, 500_000, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(minutes=1), NOW)


def recorded(name: str) -> Any:
    return json.loads((VECTORS / name).read_bytes())


def spend_log(answer: Callable[[httpx.Request], httpx.Response]) -> LiteLLMSpendLog:
    client = litellm_client("http://litellm.test", lambda: "sk-master")
    return LiteLLMSpendLog(
        httpx.Client(base_url=client.base_url, auth=client.auth, transport=httpx.MockTransport(answer))
    )


def spend_log_of(*rows: object) -> LiteLLMSpendLog:
    return spend_log(lambda _: httpx.Response(200, json={"data": rows}))


def row(**changed: object) -> dict[str, object]:
    return {**recorded("spend_logs_v2.json")["data"][0], **changed}


def event(**changed: object) -> dict[str, object]:
    return {**recorded("push.json")[0], **changed}


def test_a_recorded_row_is_the_call_that_it_tells_of() -> None:
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


def test_a_recorded_push_is_the_call_that_it_tells_of() -> None:
    pushed = pushed_calls((VECTORS / "push.json").read_bytes())
    assert (pushed.received, pushed.malformed) == (1, 0)
    assert pushed.calls == (
        FinishedCall(
            litellm_call_id="0a8a86b2-34f3-44bb-bc2b-90fa7c108377",
            key_hash="ba7e291a0d32449e843a473660178e98a89220e1ff7a137ad0d2510bdbac4a57",
            model="fake-gpt",
            prompt_tokens=3,
            completion_tokens=2,
            cost_nanousd=7_000,
            started_at=datetime(2026, 11, 23, 12, 50, 10, 921_273, tzinfo=UTC),
            ended_at=datetime(2026, 11, 23, 12, 50, 10, 976_699, tzinfo=UTC),
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
def test_a_row_in_another_form_is_counted_and_the_others_are_read(wrong: dict[str, object]) -> None:
    page = spend_log_of(row(**wrong), row()).page(WINDOW, 1)
    assert (page.unreadable, len(page.calls)) == (1, 1)


def test_a_full_page_is_not_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(litellm, "PAGE_ROWS_MAX", 2)
    assert not spend_log_of(row(), row()).page(WINDOW, 1).is_last
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
        httpx.Response(200, json={"data": [{}] * 501}),
        httpx.Response(200, content=b" " * (litellm.ANSWER_BYTES_MAX + 1)),
    ],
)
def test_any_other_answer_means_that_the_spend_log_is_unavailable(answer: httpx.Response) -> None:
    with pytest.raises(SpendLogUnavailableError):
        spend_log(lambda _: answer).page(WINDOW, 1)


def test_no_answer_means_that_the_spend_log_is_unavailable() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(SpendLogUnavailableError):
        spend_log(refuse).page(WINDOW, 1)


def test_of_a_push_the_failures_are_left_out_and_the_malformed_counted() -> None:
    body = json.dumps([event(), event(status="failure"), event(prompt_tokens="many"), {}])
    pushed = pushed_calls(body.encode())
    assert (pushed.received, len(pushed.calls), pushed.malformed) == (4, 1, 2)


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"\xff", b"[" + b"{}," * 500 + b"{}]"])
def test_a_push_that_is_no_list_of_events_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        pushed_calls(body)
    assert refused.value.code == "invalid_push"


def test_a_push_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidRequestError) as refused:
        pushed_calls(b" " * (litellm.PUSH_BYTES_MAX + 1))
    assert refused.value.code == "push_too_large"
