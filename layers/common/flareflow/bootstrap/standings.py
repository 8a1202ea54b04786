"""What every function is composed of that decides standings."""

import boto3

from flareflow.accounts.standings import JudgeStanding
from flareflow.adapters.dynamodb.live_totals import LiveTotalsReader
from flareflow.adapters.dynamodb.rates import DynamoRates
from flareflow.adapters.dynamodb.standings import DynamoStandings
from flareflow.adapters.dynamodb.subscriptions import LedgerReader
from flareflow.time import utc_now


def judge_standing(ledger_table: str, usage_table: str) -> JudgeStanding:
    """`JudgeStanding` over both tables."""
    tables = boto3.resource("dynamodb")
    ledger = tables.Table(ledger_table)
    return JudgeStanding(
        ledger=LedgerReader(ledger),
        usage=LiveTotalsReader(tables.Table(usage_table)),
        rates=DynamoRates(ledger),
        standings=DynamoStandings(ledger),
        clock=utc_now,
    )
