"""Composition root of `usage_rescan`."""

import time
from datetime import timedelta
from functools import cache

import boto3

from flareflow.adapters.aws.queues import SqsSliceQueue
from flareflow.adapters.dynamodb.reading_progress import DynamoReadingProgress
from flareflow.bootstrap.spend_log import READ_SECONDS_OF_POLLS, LookBackSettings, SpendLogSettings, spend_log
from flareflow.metering.rescanning import Rescan


class UsageRescanSettings(SpendLogSettings, LookBackSettings):
    """Environment of the function."""

    rescan_hours: int
    usage_slices_queue: str


@cache
def rescan() -> Rescan:
    settings = UsageRescanSettings.from_environment()
    return Rescan(
        spend_log=spend_log(settings, READ_SECONDS_OF_POLLS),
        progress=DynamoReadingProgress(boto3.resource("dynamodb").Table(settings.usage_table), time.sleep),
        slices=SqsSliceQueue(boto3.client("sqs"), settings.usage_slices_queue),
        reach=timedelta(hours=settings.rescan_hours),
        look_back=settings.look_back,
    )
