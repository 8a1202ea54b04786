"""Composition root of `usage_slices`."""

import time
from datetime import timedelta
from functools import cache

import boto3

from flareflow.adapters.aws.queues import SliceMessage, SqsSliceQueue
from flareflow.adapters.aws.secrets import secret
from flareflow.adapters.dynamodb.key_directory import DynamoKeyDirectory
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.litellm.client import litellm_client
from flareflow.adapters.litellm.spend_log import LiteLLMSpendLog
from flareflow.entrypoints.settings import Settings
from flareflow.metering.counting import CountCalls, ReadSlice, ReadWindow
from flareflow.metering.models import Window
from flareflow.metering.price_book import PriceBook


class UsageSlicesSettings(Settings):
    """Environment of the function."""

    push_grace_seconds: int
    usage_table: str
    accounts_table: str
    usage_slices_queue: str
    litellm_url: str
    litellm_master_key_secret: str


def parse_slice(message: str) -> Window:
    """Raises ValueError for any other message, which then ends in the dead-letter queue."""
    return SliceMessage.model_validate_json(message).window()


@cache
def read_slice() -> ReadSlice:
    settings = UsageSlicesSettings.from_environment()
    tables = boto3.resource("dynamodb")
    count_calls = CountCalls(
        keys=DynamoKeyDirectory(tables.Table(settings.accounts_table), time.sleep),
        usage=DynamoUsageEvents(
            tables.Table(settings.usage_table), time.sleep, timedelta(seconds=settings.push_grace_seconds)
        ),
        price_book=PriceBook.load(),
    )
    litellm = litellm_client(settings.litellm_url, secret(settings.litellm_master_key_secret))
    return ReadSlice(
        read_window=ReadWindow(LiteLLMSpendLog(litellm), count_calls),
        slices=SqsSliceQueue(boto3.client("sqs"), settings.usage_slices_queue),
    )
