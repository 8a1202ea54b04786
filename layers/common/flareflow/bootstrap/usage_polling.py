"""Composition root of `usage_polling`: the poll, and the sealing of an epoch that is over."""

import time
from datetime import timedelta
from functools import cache

import boto3

from flareflow.adapters.aws.documents import CONFIG, S3Documents
from flareflow.adapters.aws.queues import SqsSliceQueue
from flareflow.adapters.dynamodb.cases import DynamoCases
from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.price_books import DynamoPriceBooks
from flareflow.adapters.dynamodb.reading_progress import DynamoReadingProgress
from flareflow.adapters.dynamodb.receipt_keys import DynamoReceiptKeys
from flareflow.adapters.dynamodb.statements import DynamoSettledTotals, DynamoStatements
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.bootstrap.spend_log import READ_SECONDS_OF_POLLS, LookBackSettings, SpendLogSettings, read_slice
from flareflow.metering.polling import PollUsage
from flareflow.metering.price_book import PriceBook
from flareflow.statements.sealing import SealEpoch
from flareflow.time import Epochs


class UsagePollingSettings(SpendLogSettings, LookBackSettings):
    """Environment of the function."""

    epoch_seconds: int
    push_grace_seconds: int
    statements_table: str
    ledger_table: str
    documents_bucket: str
    usage_slices_queue: str
    flow_contract_address: str


@cache
def settings() -> UsagePollingSettings:
    return UsagePollingSettings.from_environment()


@cache
def poll_usage() -> PollUsage:
    table = boto3.resource("dynamodb").Table(settings().usage_table)
    return PollUsage(
        read_slice=read_slice(settings(), READ_SECONDS_OF_POLLS),
        usage=DynamoUsageEvents(table, time.sleep, DynamoPriceBooks(table, PriceBook.load())),
        cases=DynamoCases(table, time.sleep),
        progress=DynamoReadingProgress(table, time.sleep),
        slices=SqsSliceQueue(boto3.client("sqs"), settings().usage_slices_queue),
        epochs=Epochs(settings().epoch_seconds),
        look_back=settings().look_back,
        push_grace=timedelta(seconds=settings().push_grace_seconds),
    )


@cache
def seal_epoch() -> SealEpoch:
    tables = boto3.resource("dynamodb")
    address = settings().flow_contract_address.removeprefix("0x")
    return SealEpoch(
        epochs=Epochs(settings().epoch_seconds),
        usage=DynamoEpochUsage(tables.Table(settings().usage_table), time.sleep),
        statements=DynamoStatements(tables.Table(settings().statements_table)),
        documents=S3Documents(boto3.client("s3", config=CONFIG), settings().documents_bucket),
        settled=DynamoSettledTotals(tables.Table(settings().ledger_table), time.sleep),
        price_books=DynamoPriceBooks(tables.Table(settings().usage_table), PriceBook.load()),
        receipt_keys=DynamoReceiptKeys(tables.Table(settings().usage_table)),
        contract=f"A.{address}.UsageBasedSubscriptions",
    )
