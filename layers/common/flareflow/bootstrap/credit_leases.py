"""Composition root of `credit_leases`."""

import time
from functools import cache
from typing import TYPE_CHECKING

import boto3

from flareflow.adapters.aws.secrets import secret
from flareflow.adapters.dynamodb.virtual_keys import DynamoVirtualKeys
from flareflow.bootstrap.standings import judge_standing
from flareflow.entrypoints.settings import Settings
from flareflow.time import utc_now

if TYPE_CHECKING:
    from flareflow.accounts.key_usage import ReportKey
    from flareflow.accounts.leases import LeaseCredit
    from flareflow.adapters.dynamodb.key_usage import DynamoKeyUsages


class CreditLeasesSettings(Settings):
    """Environment of the function."""

    usage_table: str
    ledger_table: str
    accounts_table: str
    usage_push_secret: str


@cache
def settings() -> CreditLeasesSettings:
    return CreditLeasesSettings.from_environment()


@cache
def usages() -> "DynamoKeyUsages":
    from flareflow.adapters.dynamodb.key_usage import DynamoKeyUsages

    return DynamoKeyUsages(boto3.resource("dynamodb").Table(settings().usage_table), time.sleep)


@cache
def lease_credit() -> "LeaseCredit":
    from flareflow.accounts.leases import LeaseCredit
    from flareflow.adapters.dynamodb.leases import DynamoLeases

    accounts = boto3.resource("dynamodb").Table(settings().accounts_table)
    return LeaseCredit(
        gate_secret=secret(settings().usage_push_secret),
        keys=DynamoVirtualKeys(accounts),
        judge=judge_standing(settings().ledger_table, settings().usage_table),
        leases=DynamoLeases(accounts),
        usages=usages(),
        clock=utc_now,
    )


@cache
def report_key() -> "ReportKey":
    from flareflow.accounts.key_usage import ReportKey

    return ReportKey(
        gate_secret=secret(settings().usage_push_secret),
        keys=DynamoVirtualKeys(boto3.resource("dynamodb").Table(settings().accounts_table)),
        judge=judge_standing(settings().ledger_table, settings().usage_table),
        usages=usages(),
        clock=utc_now,
    )
