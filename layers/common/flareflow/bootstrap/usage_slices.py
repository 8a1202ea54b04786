"""Composition root of `usage_slices`."""

from functools import cache

import boto3

from flareflow.adapters.aws.queues import SliceMessage, SqsSliceQueue
from flareflow.bootstrap.spend_log import READ_SECONDS_OF_POLLS, SpendLogSettings
from flareflow.bootstrap.spend_log import read_slice as read_slice_of_log
from flareflow.metering.polling import ReadQueuedSlice
from flareflow.metering.rows import Slice


class UsageSlicesSettings(SpendLogSettings):
    """Environment of the function."""

    usage_slices_queue: str


def parse_slice(message: str) -> Slice:
    """Raises ValueError for any other message, which then ends in the dead-letter queue."""
    return SliceMessage.model_validate_json(message).part()


@cache
def read_slice() -> ReadQueuedSlice:
    settings = UsageSlicesSettings.from_environment()
    read = read_slice_of_log(settings, READ_SECONDS_OF_POLLS)
    return ReadQueuedSlice(read, read.progress, SqsSliceQueue(boto3.client("sqs"), settings.usage_slices_queue))
