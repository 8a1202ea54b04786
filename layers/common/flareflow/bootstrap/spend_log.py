"""What the composition roots of all functions that read the spend log have in common."""

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self

import boto3
from pydantic import model_validator

from flareflow.entrypoints.settings import Settings

if TYPE_CHECKING:
    from flareflow.adapters.litellm.spend_log import LiteLLMSpendLog
    from flareflow.metering.reading import ReadSlice
    from flareflow.metering.sorting import SortRows

READ_SECONDS_OF_POLLS: Final = 60.0
"""How long a page may take: a LiteLLM under load takes half a minute, and the functions have three or more."""
ROW_DELAY: Final = timedelta(minutes=2)
"""How long after its call's end a row is there, in a LiteLLM that is well."""


class CountingSettings(Settings):
    """Where rows go."""

    usage_table: str
    accounts_table: str


class SpendLogSettings(CountingSettings):
    """Where rows come from, and where they go."""

    litellm_url: str
    litellm_master_key_secret: str


class LookBackSettings(Settings):
    """How far polls read back. Refused when the proxy lets a call last longer than that."""

    look_back_seconds: int
    litellm_request_timeout_seconds: int

    @property
    def look_back(self) -> timedelta:
        return timedelta(seconds=self.look_back_seconds)

    @model_validator(mode="after")
    def _reach_the_longest_call(self) -> Self:
        longest = timedelta(seconds=self.litellm_request_timeout_seconds) + ROW_DELAY
        if self.look_back < longest:
            raise ValueError(f"LOOK_BACK_SECONDS is {self.look_back_seconds}, less than {longest.total_seconds():.0f}")
        return self


def spend_log(settings: SpendLogSettings, read_seconds: float) -> "LiteLLMSpendLog":
    from flareflow.adapters.aws.secrets import secret
    from flareflow.adapters.litellm.client import litellm_client
    from flareflow.adapters.litellm.spend_log import LiteLLMSpendLog

    master_key = secret(settings.litellm_master_key_secret)
    return LiteLLMSpendLog(litellm_client(settings.litellm_url, master_key, read_seconds))


def sort_rows(settings: CountingSettings) -> "SortRows":
    from flareflow.adapters.dynamodb.cases import DynamoCases
    from flareflow.adapters.dynamodb.key_directory import DynamoKeyDirectory
    from flareflow.adapters.dynamodb.price_books import DynamoPriceBooks
    from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
    from flareflow.metering.call_types import known_call_types
    from flareflow.metering.price_book import PriceBook
    from flareflow.metering.sorting import SortRows

    tables = boto3.resource("dynamodb")
    usage = tables.Table(settings.usage_table)
    return SortRows(
        keys=DynamoKeyDirectory(tables.Table(settings.accounts_table), time.sleep),
        usage=DynamoUsageEvents(usage, time.sleep, DynamoPriceBooks(usage, PriceBook.load())),
        cases=DynamoCases(usage, time.sleep),
        call_types=known_call_types(),
    )


def read_slice(settings: SpendLogSettings, read_seconds: float) -> "ReadSlice":
    from flareflow.adapters.dynamodb.reading_progress import DynamoReadingProgress
    from flareflow.metering.reading import ReadSlice

    sort = sort_rows(settings)
    progress = DynamoReadingProgress(boto3.resource("dynamodb").Table(settings.usage_table), time.sleep)
    return ReadSlice(spend_log(settings, read_seconds), sort, sort.cases, progress)
