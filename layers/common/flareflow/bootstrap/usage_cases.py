"""Composition root of `usage_cases`."""

import time
from functools import cache
from typing import TYPE_CHECKING

import boto3

from flareflow.bootstrap.spend_log import CountingSettings, sort_rows

if TYPE_CHECKING:
    from flareflow.metering.commands import Operator


class UsageCasesSettings(CountingSettings):
    """Environment of the function."""

    usage_slices_queue: str


@cache
def operator() -> "Operator":
    return operator_of(UsageCasesSettings.from_environment())


def operator_of(settings: UsageCasesSettings) -> "Operator":
    from flareflow.adapters.aws.queues import SqsSliceQueue
    from flareflow.adapters.dynamodb.price_books import DynamoPriceBooks
    from flareflow.adapters.dynamodb.reading_progress import DynamoReadingProgress
    from flareflow.adapters.dynamodb.receipt_keys import DynamoReceiptKeys
    from flareflow.adapters.litellm.rows import changed_row
    from flareflow.metering.commands import Operator
    from flareflow.metering.deciding import DecideCases
    from flareflow.metering.price_book import PriceBook

    sort, usage = sort_rows(settings), boto3.resource("dynamodb").Table(settings.usage_table)
    cases = DecideCases(
        cases=sort.cases,
        sort_rows=sort,
        read_row=changed_row,
        progress=DynamoReadingProgress(usage, time.sleep),
        slices=SqsSliceQueue(boto3.client("sqs"), settings.usage_slices_queue),
    )
    return Operator(cases, DynamoPriceBooks(usage, PriceBook.load()), DynamoReceiptKeys(usage))
