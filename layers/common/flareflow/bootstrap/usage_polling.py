"""Composition root of `usage_polling`: the poll, and the sealing of an epoch that is over."""

import time
from datetime import timedelta
from functools import cache

import boto3

from flareflow.adapters.aws.documents import S3Documents
from flareflow.adapters.aws.queues import SqsSliceQueue
from flareflow.adapters.aws.secrets import secret
from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.key_directory import DynamoKeyDirectory
from flareflow.adapters.dynamodb.statements import DynamoSettledTotals, DynamoStatements
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.litellm.client import litellm_client
from flareflow.adapters.litellm.spend_log import LiteLLMSpendLog
from flareflow.entrypoints.settings import Settings
from flareflow.metering.counting import CountCalls, ReadWindow
from flareflow.metering.polling import PollUsage
from flareflow.metering.price_book import PriceBook
from flareflow.statements.sealing import SealEpoch
from flareflow.time import Epochs


class UsagePollingSettings(Settings):
    """Environment of the function."""

    epoch_seconds: int
    look_back_seconds: int
    push_grace_seconds: int
    usage_table: str
    accounts_table: str
    statements_table: str
    ledger_table: str
    documents_bucket: str
    usage_slices_queue: str
    litellm_url: str
    litellm_master_key_secret: str
    flow_contract_address: str


@cache
def settings() -> UsagePollingSettings:
    return UsagePollingSettings.from_environment()


@cache
def poll_usage() -> PollUsage:
    tables = boto3.resource("dynamodb")
    grace = timedelta(seconds=settings().push_grace_seconds)
    usage = DynamoUsageEvents(tables.Table(settings().usage_table), time.sleep, grace)
    keys = DynamoKeyDirectory(tables.Table(settings().accounts_table), time.sleep)
    litellm = litellm_client(settings().litellm_url, secret(settings().litellm_master_key_secret))
    return PollUsage(
        read_window=ReadWindow(LiteLLMSpendLog(litellm), CountCalls(keys, usage, PriceBook.load())),
        usage=usage,
        slices=SqsSliceQueue(boto3.client("sqs"), settings().usage_slices_queue),
        epochs=Epochs(settings().epoch_seconds),
        look_back=timedelta(seconds=settings().look_back_seconds),
        push_grace=grace,
    )


@cache
def seal_epoch() -> SealEpoch:
    tables = boto3.resource("dynamodb")
    address = settings().flow_contract_address.removeprefix("0x")
    return SealEpoch(
        epochs=Epochs(settings().epoch_seconds),
        usage=DynamoEpochUsage(tables.Table(settings().usage_table), time.sleep),
        statements=DynamoStatements(tables.Table(settings().statements_table)),
        documents=S3Documents(boto3.client("s3"), settings().documents_bucket),
        settled=DynamoSettledTotals(tables.Table(settings().ledger_table)),
        price_book_hash=PriceBook.load().hash,
        contract=f"A.{address}.UsageBasedSubscriptions",
    )
