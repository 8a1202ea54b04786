"""Composition root of `usage_ingest`."""

import logging
import time
from collections.abc import Sequence
from datetime import datetime
from functools import cache, partial

import boto3

from flareflow.adapters.aws.secrets import secret
from flareflow.adapters.dynamodb.key_directory import DynamoKeyDirectory
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.litellm.push import callback_record
from flareflow.entrypoints.gate_records import posted_records
from flareflow.entrypoints.settings import Settings
from flareflow.json_format import to_json
from flareflow.metering.calls import SetAside
from flareflow.metering.ingest import IngestRecords
from flareflow.metering.price_book import PriceBook
from flareflow.metering.usage_events import Difference

logger = logging.getLogger(__name__)


class UsageIngestSettings(Settings):
    """Environment of the function."""

    usage_table: str
    accounts_table: str
    usage_push_secret: str


class CasesInTheLog:
    """`Cases` for as long as they have no table: what a person should see is in the log of the function."""

    def put(self, items: Sequence[SetAside], now: datetime) -> int:
        for one in items:
            logger.error("set aside: %s", to_json(one))
        return len(items)

    def report(self, differences: Sequence[Difference], now: datetime) -> int:
        for one in differences:
            logger.warning("the witnesses differ: %s", to_json(one))
        return len(differences)


@cache
def ingest_records() -> IngestRecords:
    settings = UsageIngestSettings.from_environment()
    tables = boto3.resource("dynamodb")
    return IngestRecords(
        push_secret=secret(settings.usage_push_secret),
        parse=partial(posted_records, callback_record=callback_record),
        keys=DynamoKeyDirectory(tables.Table(settings.accounts_table), time.sleep),
        usage=DynamoUsageEvents(tables.Table(settings.usage_table), time.sleep),
        cases=CasesInTheLog(),
        price_book=PriceBook.load(),
    )
