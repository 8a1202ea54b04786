"""Composition root of `usage_ingest`."""

import time
from functools import cache

import boto3

from flareflow.adapters.aws.secrets import secret
from flareflow.adapters.dynamodb.cases import DynamoCases
from flareflow.adapters.dynamodb.key_directory import DynamoKeyDirectory
from flareflow.adapters.dynamodb.price_books import DynamoPriceBooks
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.entrypoints.gate_records import posted_records
from flareflow.entrypoints.settings import Settings
from flareflow.metering.ingest import IngestRecords
from flareflow.metering.price_book import PriceBook


class UsageIngestSettings(Settings):
    """Environment of the function."""

    usage_table: str
    accounts_table: str
    usage_push_secret: str


@cache
def ingest_records() -> IngestRecords:
    settings = UsageIngestSettings.from_environment()
    tables = boto3.resource("dynamodb")
    usage = tables.Table(settings.usage_table)
    return IngestRecords(
        push_secret=secret(settings.usage_push_secret),
        parse=posted_records,
        keys=DynamoKeyDirectory(tables.Table(settings.accounts_table), time.sleep),
        usage=DynamoUsageEvents(usage, time.sleep, DynamoPriceBooks(usage, PriceBook.load())),
        cases=DynamoCases(usage, time.sleep),
    )
