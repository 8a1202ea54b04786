"""Composition root of `key_sweep`."""

from functools import cache

import boto3

from flareflow.accounts.sweeping import Sweep
from flareflow.adapters.dynamodb.key_sweep import DynamoAllSubscriptions, DynamoSweepProgress
from flareflow.bootstrap.enforcement import EnforcementSettings, enforcement


@cache
def sweep() -> Sweep:
    settings = EnforcementSettings.from_environment()
    enforce = enforcement(settings)
    tables = boto3.resource("dynamodb")
    return Sweep(
        subscriptions=DynamoAllSubscriptions(tables.Table(settings.ledger_table)),
        progress=DynamoSweepProgress(tables.Table(settings.accounts_table)),
        keys=enforce.keys,
        issuer=enforce.issuer(),
        enforce=enforce,
    )
