"""Composition root of `credit_leases`."""

from functools import cache

import boto3

from flareflow.accounts.leases import LeaseCredit
from flareflow.adapters.aws.secrets import secret
from flareflow.adapters.dynamodb.leases import DynamoLeases
from flareflow.adapters.dynamodb.virtual_keys import DynamoVirtualKeys
from flareflow.bootstrap.standings import judge_standing
from flareflow.entrypoints.settings import Settings
from flareflow.time import utc_now


class CreditLeasesSettings(Settings):
    """Environment of the function."""

    usage_table: str
    ledger_table: str
    accounts_table: str
    usage_push_secret: str


@cache
def lease_credit() -> LeaseCredit:
    settings = CreditLeasesSettings.from_environment()
    accounts = boto3.resource("dynamodb").Table(settings.accounts_table)
    return LeaseCredit(
        gate_secret=secret(settings.usage_push_secret),
        keys=DynamoVirtualKeys(accounts),
        judge=judge_standing(settings.ledger_table, settings.usage_table),
        leases=DynamoLeases(accounts),
        clock=utc_now,
    )
