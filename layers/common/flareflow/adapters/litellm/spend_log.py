"""LiteLLM's spend log, read page by page, in the listings that its endpoint can give."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import partial
from typing import Annotated, Final, Self

import httpx
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from flareflow.adapters.litellm.asking import ask
from flareflow.adapters.litellm.rows import Row, call_of, key_form, parsed, read_row, text_of
from flareflow.metering.calls import LoggedCall, SetAside
from flareflow.metering.models import Window
from flareflow.metering.rows import Listing, LoggedRow, Reason, SpendPage

PATH: Final = "/spend/logs/v2"
PAGE_ROWS_MAX: Final = 500
SPEND_LOG_TIME: Final = "%Y-%m-%d %H:%M:%S"
COST_USD_MIN: Final = "0.0000000001"
COMPRESSION: Final = 1
"""zlib's level. Rows have much in common, so higher ones take longer and save little."""

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


@dataclass(frozen=True, slots=True)
class _Strange:
    """A row of another form than `Row`."""

    row: object


type _AnyRow = Annotated[Row | Annotated[_Strange, BeforeValidator(_Strange)], Field(union_mode="left_to_right")]


class _Answer(BaseModel):
    """`total` stops counting at 10,000, and then `total_is_capped`.

    Only names of fields are looked up among the texts that were read before: most values are there once.
    """

    model_config = ConfigDict(cache_strings="keys")

    data: Annotated[list[_AnyRow], Field(max_length=PAGE_ROWS_MAX)]
    total: Annotated[int, Field(ge=0)] | None = None
    total_is_capped: bool = False

    @property
    def exact_total(self) -> int | None:
        return None if self.total_is_capped else self.total


class _Rows(BaseModel):
    data: list[object]


@dataclass(slots=True)
class _Whole:
    """`PageText`: the rows of a page as LiteLLM wrote them. The text is parsed as soon as one of them is wanted."""

    text: bytes
    rows: Sequence[object] = ()
    is_compressed: bool = False

    @property
    def held_bytes(self) -> int:
        return len(self.text)

    def compress(self) -> None:
        if not self.is_compressed:
            self.text, self.is_compressed = zlib.compress(self.text, level=COMPRESSION), True

    def row(self, number: int) -> object:
        if not self.rows:
            text = zlib.decompress(self.text) if self.is_compressed else self.text
            self.rows = _Rows.model_validate(parsed(text)).data
        return self.rows[number]

    def body(self, number: int) -> str:
        return text_of(self.row(number))


@dataclass(frozen=True, slots=True)
class _Page:
    """An answer, and its rows as LiteLLM wrote them."""

    answer: _Answer
    whole: _Whole

    @classmethod
    def read(cls, text: bytes) -> Self:
        """By pydantic's parser, which is several times as fast as Python's; that one takes texts that it refuses.

        Raises ValueError.
        """
        try:
            return cls(_Answer.model_validate_json(text), _Whole(text))
        except ValidationError:
            return cls(_Answer.model_validate(parsed(text)), _Whole(text))

    def calls(self, numbers: Iterable[int]) -> tuple[Sequence[LoggedRow], Sequence[SetAside]]:
        """What the rows with these numbers tell: calls, and what is none."""
        calls: list[LoggedRow] = []
        set_aside: list[SetAside] = []
        data, body = self.answer.data, self.whole.body
        for number in numbers:
            row = data[number]
            call = Reason.FORM_UNKNOWN if isinstance(row, _Strange) else call_of(row)
            if isinstance(call, LoggedCall):
                calls.append(LoggedRow(call, partial(body, number), key_form(call.key_hash)))
                continue
            read = read_row(self.whole.row(number))
            if isinstance(read, LoggedRow):
                calls.append(read)
            else:
                set_aside.append(read)
        return calls, set_aside


@dataclass(frozen=True, slots=True)
class LiteLLMSpendLog:
    """`SpendLog` over `GET /spend/logs/v2`, which takes whole seconds and filters by start time only.

    Rows without a status are listed as successes, as LiteLLM does. Failures without tokens or cost are not listed:
    anybody can cause any number of them with invalid keys.
    """

    http: httpx.Client

    def page(self, listing: Listing, window: Window, number: int) -> SpendPage:
        page = self._ask(listing, window, number, PAGE_ROWS_MAX)
        rows = page.answer.data
        takes_all = listing is not Listing.FAILED_WITH_TOKENS
        listed = [place for place, row in enumerate(rows) if takes_all or _has_tokens(row)]
        calls, set_aside = page.calls(listed)
        starts = [*(one.call.started_at for one in calls), *(one.at for one in set_aside if one.at)]
        return SpendPage(
            rows=tuple(calls),
            set_aside=tuple(set_aside),
            is_last=len(rows) < PAGE_ROWS_MAX or len(listed) < len(rows),
            total=page.answer.exact_total,
            ends_at=max(starts, default=None),
            text=page.whole,
        )

    def count(self, window: Window) -> int | None:
        return self._ask(Listing.ANSWERED, window, 1, 1).answer.exact_total

    def _ask(self, listing: Listing, window: Window, number: int, rows: int) -> _Page:
        query = {**_FILTERS[listing], **_times(window), "page": str(number), "page_size": str(rows)}
        return ask(self.http, PATH, query, _Page.read, f"page {number} of {window}")


def _times(window: Window) -> Mapping[str, str]:
    return {
        "start_date": window.start.astimezone(UTC).strftime(SPEND_LOG_TIME),
        "end_date": (window.end.astimezone(UTC) + timedelta(seconds=1)).strftime(SPEND_LOG_TIME),
    }


def _has_tokens(row: Row | _Strange) -> bool:
    """Whether a row has tokens; one whose tokens cannot be read is taken to have some."""
    told = row.row if isinstance(row, _Strange) else row
    names = ("total_tokens", "prompt_tokens", "completion_tokens")
    return not isinstance(told, dict) or any(told.get(name) != 0 for name in names)
