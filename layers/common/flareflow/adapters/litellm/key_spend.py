"""What LiteLLM itself has counted for each key: by day, and since the key exists."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Self

import httpx
from pydantic import BaseModel, Field

from flareflow.adapters.litellm.asking import ask
from flareflow.adapters.litellm.rows import cost_nanousd, parsed
from flareflow.errors import SpendLogUnavailableError
from flareflow.metering.spent import Spent

DAILY_PATH: Final = "/user/daily/activity"
KEYS_PATH: Final = "/key/list"
DAILY_ROWS: Final = 1_000
KEYS_PER_PAGE: Final = 100
PAGES_MAX: Final = 200


class _Answer(BaseModel):
    @classmethod
    def read(cls, body: bytes) -> Self:
        return cls.model_validate(parsed(body))


class _Metrics(BaseModel):
    spend: object = 0
    successful_requests: Annotated[int, Field(ge=0)] = 0


class _OfKey(BaseModel):
    metrics: _Metrics


class _Breakdown(BaseModel):
    api_keys: Mapping[str, _OfKey] = {}


class _Day(BaseModel):
    date: str
    breakdown: _Breakdown


class _Told(BaseModel):
    has_more: bool = False


class _Activity(_Answer):
    results: list[_Day]
    metadata: _Told


class _Key(BaseModel):
    token: str
    total_spend: object = None
    spend: object = None


class _Keys(_Answer):
    keys: list[_Key]
    total_pages: int = 1


@dataclass(frozen=True, slots=True)
class LiteLLMKeySpend:
    """`KeySpend` over `/user/daily/activity` and `/key/list`."""

    http: httpx.Client

    def of_day(self, day: date) -> Mapping[str, Spent]:
        spent: dict[str, Spent] = defaultdict(Spent)
        for number in range(1, PAGES_MAX + 1):
            asked = {"start_date": day.isoformat(), "end_date": day.isoformat(), "page_size": str(DAILY_ROWS)}
            page = ask(self.http, DAILY_PATH, {**asked, "page": str(number)}, _Activity.read, DAILY_PATH)
            for one in page.results:
                for key_hash, of_key in one.breakdown.api_keys.items():
                    cost = cost_nanousd(of_key.metrics.spend) or 0
                    spent[key_hash] += Spent(of_key.metrics.successful_requests, cost)
            if not page.metadata.has_more:
                return spent
        raise SpendLogUnavailableError(f"LiteLLM's activity of {day} has more than {PAGES_MAX} pages")

    def of_all_time(self) -> Mapping[str, Spent]:
        spent: dict[str, Spent] = {}
        for number in range(1, PAGES_MAX + 1):
            asked = {"return_full_object": "true", "size": str(KEYS_PER_PAGE), "page": str(number)}
            page = ask(self.http, KEYS_PATH, asked, _Keys.read, KEYS_PATH)
            for key in page.keys:
                total = key.total_spend if key.total_spend is not None else key.spend
                spent[key.token] = Spent(0, cost_nanousd(total) or 0)
            if number >= page.total_pages:
                return spent
        raise SpendLogUnavailableError(f"LiteLLM has more than {PAGES_MAX} pages of keys")
