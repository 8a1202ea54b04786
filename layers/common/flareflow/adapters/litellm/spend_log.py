"""LiteLLM's spend log, read page by page, in the listings that its endpoint can give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Annotated, Final

import httpx
from pydantic import BaseModel, Field

from flareflow.adapters.litellm.asking import ask
from flareflow.adapters.litellm.rows import read_row, started_at
from flareflow.metering.calls import SetAside
from flareflow.metering.models import Window
from flareflow.metering.rows import Listing, LoggedRow, SpendPage

PATH: Final = "/spend/logs/v2"
PAGE_ROWS_MAX: Final = 500
SPEND_LOG_TIME: Final = "%Y-%m-%d %H:%M:%S"
COST_USD_MIN: Final = "0.0000000001"

_FILTERS: Final[Mapping[Listing, Mapping[str, str]]] = {
    Listing.ANSWERED: {"status_filter": "success", "sort_by": "startTime", "sort_order": "asc"},
    Listing.BY_END: {"status_filter": "success", "sort_by": "endTime", "sort_order": "asc"},
    Listing.BY_TOKENS: {"status_filter": "success", "sort_by": "total_tokens", "sort_order": "asc"},
    Listing.BY_COST: {"status_filter": "success", "sort_by": "spend", "sort_order": "asc"},
    Listing.FAILED_WITH_TOKENS: {"status_filter": "failure", "sort_by": "total_tokens", "sort_order": "desc"},
    Listing.FAILED_WITH_COST: {
        **{"status_filter": "failure", "min_spend": COST_USD_MIN},
        **{"sort_by": "startTime", "sort_order": "asc"},
    },
}


class _Answer(BaseModel):
    """`total` stops counting at 10,000, and then `total_is_capped`."""

    data: Annotated[list[object], Field(max_length=PAGE_ROWS_MAX)]
    total: Annotated[int, Field(ge=0)] | None = None
    total_is_capped: bool = False

    @property
    def exact_total(self) -> int | None:
        return None if self.total_is_capped else self.total


@dataclass(frozen=True, slots=True)
class LiteLLMSpendLog:
    """`SpendLog` over `GET /spend/logs/v2`, which takes whole seconds and filters by start time only.

    Rows without a status are listed as successes, as LiteLLM does. Failures without tokens or cost are not listed:
    anybody can cause any number of them with invalid keys.
    """

    http: httpx.Client

    def page(self, listing: Listing, window: Window, number: int) -> SpendPage:
        answer = self._ask(listing, window, number, PAGE_ROWS_MAX)
        rows = answer.data
        is_last = len(rows) < PAGE_ROWS_MAX
        if listing is Listing.FAILED_WITH_TOKENS:
            with_tokens = [row for row in rows if _has_tokens(row)]
            rows, is_last = with_tokens, is_last or len(with_tokens) < len(rows)
        return _page(rows, is_last=is_last, total=answer.exact_total)

    def count(self, window: Window) -> int | None:
        return self._ask(Listing.ANSWERED, window, 1, 1).exact_total

    def _ask(self, listing: Listing, window: Window, number: int, rows: int) -> _Answer:
        query = {**_FILTERS[listing], **_times(window), "page": str(number), "page_size": str(rows)}
        return ask(self.http, PATH, query, _Answer, f"page {number} of {window}")


def _times(window: Window) -> Mapping[str, str]:
    return {
        "start_date": window.start.astimezone(UTC).strftime(SPEND_LOG_TIME),
        "end_date": (window.end.astimezone(UTC) + timedelta(seconds=1)).strftime(SPEND_LOG_TIME),
    }


def _has_tokens(row: object) -> bool:
    """Whether a row has tokens; one whose tokens cannot be read is taken to have some."""
    names = ("total_tokens", "prompt_tokens", "completion_tokens")
    return not isinstance(row, dict) or any(row.get(name) != 0 for name in names)


def _page(data: Sequence[object], *, is_last: bool, total: int | None) -> SpendPage:
    read = [read_row(row) for row in data]
    starts = [start for row in data if isinstance(row, dict) and (start := started_at(row))]
    return SpendPage(
        rows=tuple(one for one in read if isinstance(one, LoggedRow)),
        set_aside=tuple(one for one in read if isinstance(one, SetAside)),
        is_last=is_last,
        total=total,
        ends_at=max(starts, default=None),
    )
