"""LiteLLM's spend log, read page by page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Annotated, Final, Literal

import httpx
from pydantic import AwareDatetime, Field, TypeAdapter

from flareflow.adapters.http import read_answer
from flareflow.adapters.litellm.calls import Call, Text, Usd, readable_calls
from flareflow.errors import SpendLogUnavailableError
from flareflow.metering.models import FinishedCall, SpendPage, Window

PATH: Final = "/spend/logs/v2"
PAGE_ROWS_MAX: Final = 500
ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024
SPEND_LOG_TIME: Final = "%Y-%m-%d %H:%M:%S"

_ROWS: Final = TypeAdapter(Annotated[list[dict[str, object]], Field(max_length=PAGE_ROWS_MAX)])


class _Row(Call):
    """One row of `GET /spend/logs/v2`."""

    status: Literal["success"]
    api_key: Text
    spend: Usd
    startTime: AwareDatetime  # noqa: N815
    endTime: AwareDatetime  # noqa: N815

    def call(self) -> FinishedCall:
        return self.finished(self.api_key, self.spend, self.startTime, self.endTime)


@dataclass(frozen=True, slots=True)
class LiteLLMSpendLog:
    """`SpendLog` over `GET /spend/logs/v2`, which takes whole seconds and filters by start time only.

    The last page is the one with fewer than PAGE_ROWS_MAX rows: LiteLLM's own `total` stops counting at 10,000.
    """

    http: httpx.Client

    def page(self, window: Window, number: int) -> SpendPage:
        try:
            stream = self.http.stream("GET", PATH, params=_query(window, number))
            answer = read_answer(stream, ANSWER_BYTES_MAX)
            if not answer.is_success:
                raise SpendLogUnavailableError(f"LiteLLM answered page {number} of {window} with {answer.status}")
            rows = _ROWS.validate_python(_object(answer.body).get("data"))
        except (httpx.HTTPError, ValueError) as error:
            raise SpendLogUnavailableError(f"LiteLLM gave no page {number} of {window}: {error}") from error
        calls = tuple(readable_calls(_Row, rows))
        return SpendPage(calls, is_last=len(rows) < PAGE_ROWS_MAX, unreadable=len(rows) - len(calls))


def _query(window: Window, number: int) -> Mapping[str, str]:
    return {
        "start_date": window.start.astimezone(UTC).strftime(SPEND_LOG_TIME),
        "end_date": (window.end.astimezone(UTC) + timedelta(seconds=1)).strftime(SPEND_LOG_TIME),
        "page": str(number),
        "page_size": str(PAGE_ROWS_MAX),
        "sort_by": "startTime",
        "sort_order": "asc",
        "status_filter": "success",
    }


def _object(body: bytes) -> Mapping[str, object]:
    """A JSON object whose numbers keep their decimal text. Raises ValueError for any other body."""
    value = json.loads(body, parse_float=Decimal)
    if not isinstance(value, dict):
        raise ValueError("the answer is not a JSON object")
    return value
