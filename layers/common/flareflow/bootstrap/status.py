"""What every function is composed of that tells or keeps the status of the outside systems."""

import time
from typing import TYPE_CHECKING

import boto3
from pydantic import PositiveInt

from flareflow.entrypoints.settings import Settings
from flareflow.time import Epochs, utc_now

if TYPE_CHECKING:
    from flareflow.settlement.status import ReadStatus


class StatusSettings(Settings):
    """Environment of every function that tells or keeps the status."""

    usage_table: str
    statements_table: str
    ledger_table: str
    epoch_seconds: PositiveInt


def read_status_over(settings: StatusSettings) -> "ReadStatus":
    """`ReadStatus` over the three tables."""
    from flareflow.adapters.dynamodb.attestations import DynamoAttestations
    from flareflow.adapters.dynamodb.rates import DynamoRates
    from flareflow.adapters.dynamodb.reading_progress import DynamoReadingProgress
    from flareflow.adapters.dynamodb.statements import DynamoStatements
    from flareflow.adapters.dynamodb.subscriptions import LedgerReader
    from flareflow.settlement.status import ReadStatus

    tables = boto3.resource("dynamodb")
    ledger, statements = tables.Table(settings.ledger_table), tables.Table(settings.statements_table)
    progress = DynamoReadingProgress(tables.Table(settings.usage_table), time.sleep)
    return ReadStatus(
        metered_to=lambda: progress.load().read_to,
        statements=DynamoStatements(statements),
        under_way=DynamoAttestations(statements),
        ledger=LedgerReader(ledger),
        rates=DynamoRates(ledger),
        epochs=Epochs(settings.epoch_seconds),
        clock=utc_now,
    )
