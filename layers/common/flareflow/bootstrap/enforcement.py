"""Composition root of `enforcement`."""

from functools import cache
from typing import TYPE_CHECKING, Final

import boto3
from pydantic import PositiveInt

from flareflow.accounts.budgets import Budgets
from flareflow.accounts.enforcement import Enforce
from flareflow.adapters.aws.secrets import secret
from flareflow.adapters.dynamodb.changed_funds import decode_changed_funds
from flareflow.adapters.dynamodb.failed_records import FailedRecords
from flareflow.adapters.dynamodb.virtual_keys import DynamoVirtualKeys
from flareflow.bootstrap.standings import judge_standing
from flareflow.entrypoints.settings import Settings
from flareflow.time import utc_now

if TYPE_CHECKING:
    from flareflow.adapters.litellm.keys import LiteLLMKeys

decode: Final = decode_changed_funds


class EnforcementSettings(Settings):
    """Environment of the function."""

    usage_table: str
    ledger_table: str
    accounts_table: str
    litellm_url: str
    litellm_master_key_secret: str
    budget_usd_per_million_tokens: PositiveInt


@cache
def enforce() -> Enforce:
    return enforcement(EnforcementSettings.from_environment())


def enforcement(settings: EnforcementSettings) -> Enforce:
    return Enforce(
        judge=judge_standing(settings.ledger_table, settings.usage_table),
        keys=DynamoVirtualKeys(boto3.resource("dynamodb").Table(settings.accounts_table)),
        issuer=cache(lambda: key_issuer(settings)),
        budgets=Budgets(settings.budget_usd_per_million_tokens),
        clock=utc_now,
    )


def key_issuer(settings: EnforcementSettings) -> "LiteLLMKeys":
    """Imported and made when the first key has to change."""
    from flareflow.adapters.litellm.client import litellm_client
    from flareflow.adapters.litellm.keys import LiteLLMKeys

    return LiteLLMKeys(litellm_client(settings.litellm_url, secret(settings.litellm_master_key_secret)))


@cache
def failed_records() -> FailedRecords:
    return FailedRecords(boto3.client("dynamodbstreams"), boto3.client("dynamodb"))
