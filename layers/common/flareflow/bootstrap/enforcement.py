"""Composition root of `enforcement`."""

from functools import cache
from typing import Final

import boto3

from flareflow.accounts.enforcement import Enforce
from flareflow.adapters.aws.secrets import secret
from flareflow.adapters.dynamodb.accounts import DynamoVirtualKeys
from flareflow.adapters.dynamodb.changes import decode_changed_funds
from flareflow.adapters.dynamodb.rates import DynamoRates
from flareflow.adapters.dynamodb.subscriptions import LedgerReader, UsageReader
from flareflow.adapters.litellm.client import litellm_client
from flareflow.adapters.litellm.keys import LiteLLMKeys
from flareflow.entrypoints.settings import Settings
from flareflow.time import utc_now

decode: Final = decode_changed_funds


class EnforcementSettings(Settings):
    """Environment of the function."""

    usage_table: str
    ledger_table: str
    accounts_table: str
    litellm_url: str
    litellm_master_key_secret: str


@cache
def enforce() -> Enforce:
    settings = EnforcementSettings.from_environment()
    tables = boto3.resource("dynamodb")
    ledger = tables.Table(settings.ledger_table)
    return Enforce(
        ledger=LedgerReader(ledger),
        usage=UsageReader(tables.Table(settings.usage_table)),
        keys=DynamoVirtualKeys(tables.Table(settings.accounts_table)),
        issuer=LiteLLMKeys(litellm_client(settings.litellm_url, secret(settings.litellm_master_key_secret))),
        rates=DynamoRates(ledger),
        clock=utc_now,
    )
