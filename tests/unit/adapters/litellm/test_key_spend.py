"""What LiteLLM has counted for each key, from answers that were recorded, and from others."""

from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest

from flareflow.adapters.litellm import key_spend as module
from flareflow.adapters.litellm.key_spend import LiteLLMKeySpend
from flareflow.errors import SpendLogUnavailableError
from flareflow.metering.spent import Spent

DAY = date(2026, 11, 23)
KEY, OTHER = "ab" * 32, "cd" * 32


def key_spend(answer: Callable[[httpx.Request], httpx.Response]) -> LiteLLMKeySpend:
    return LiteLLMKeySpend(httpx.Client(base_url="http://litellm.test", transport=httpx.MockTransport(answer)))


def activity(*keys: tuple[str, float, int], has_more: bool = False) -> dict[str, Any]:
    of_keys = {key: {"metrics": {"spend": spend, "successful_requests": rows}} for key, spend, rows in keys}
    day = {"date": "2026-11-23", "metrics": {}, "breakdown": {"models": {}, "api_keys": of_keys}}
    return {"results": [day], "metadata": {"has_more": has_more, "page": 1}}


def test_the_keys_of_a_day_add_up_over_all_pages() -> None:
    asked: list[httpx.Request] = []
    pages = [activity((KEY, 7e-06, 1), (OTHER, 0, 2), has_more=True), activity((KEY, 0.1, 3))]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=pages[len(asked) - 1])

    assert key_spend(answer).of_day(DAY) == {KEY: Spent(4, 100_007_000), OTHER: Spent(2, 0)}
    assert dict(asked[1].url.params) == {
        "start_date": "2026-11-23",
        "end_date": "2026-11-23",
        "page_size": "1000",
        "page": "2",
    }


def test_the_totals_of_keys_are_read_page_by_page() -> None:
    pages = [[{"token": KEY, "total_spend": 0.5, "spend": 0.1}], [{"token": OTHER, "total_spend": None, "spend": 0.2}]]

    def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params["page"])
        return httpx.Response(200, json={"keys": pages[number - 1], "total_pages": 2})

    assert key_spend(answer).of_all_time() == {KEY: Spent(0, 500_000_000), OTHER: Spent(0, 200_000_000)}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"results": [{"date": "2026-11-23"}], "metadata": {}}),
    ],
)
def test_any_other_answer_means_that_litellm_cannot_be_asked(answer: httpx.Response) -> None:
    with pytest.raises(SpendLogUnavailableError):
        key_spend(lambda _: answer).of_day(DAY)


def test_pages_without_an_end_are_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGES_MAX", 3)
    with pytest.raises(SpendLogUnavailableError, match="more than 3 pages"):
        key_spend(lambda _: httpx.Response(200, json=activity(has_more=True))).of_day(DAY)
