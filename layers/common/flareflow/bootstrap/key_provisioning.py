"""Composition root of `key_provisioning`."""

import time
from functools import cache
from typing import TYPE_CHECKING

import boto3
from pydantic import PositiveInt

from flareflow.adapters.dynamodb.limits import DynamoRequestCounts
from flareflow.entrypoints.settings import Settings
from flareflow.limits import LimitRequests
from flareflow.time import utc_now

if TYPE_CHECKING:
    from flareflow.accounts.key_changes import ChangeKey, MakeFirstKeys, RotateKey
    from flareflow.accounts.keys import CreateKey, DeleteKey, ListKeys
    from flareflow.adapters.dynamodb.virtual_keys import DynamoVirtualKeys
    from flareflow.adapters.flow.subscriptions import FlowSubscriptions
    from flareflow.adapters.litellm.keys import LiteLLMKeys


class KeyProvisioningSettings(Settings):
    """Environment of the function."""

    limits_table: str
    accounts_table: str
    ledger_table: str
    usage_table: str
    budget_usd_per_million_tokens: PositiveInt
    litellm_url: str
    litellm_master_key_secret: str
    flow_rest_url: str
    flow_network: str
    flow_contract_address: str


@cache
def settings() -> KeyProvisioningSettings:
    return KeyProvisioningSettings.from_environment()


@cache
def on_chain_subscriptions() -> "FlowSubscriptions":
    from flareflow.adapters.flow.cadence import contract_addresses
    from flareflow.adapters.flow.rest import FlowRest, FlowScripts, http_client
    from flareflow.adapters.flow.subscriptions import FlowSubscriptions

    addresses = contract_addresses(settings().flow_network, settings().flow_contract_address)
    rest = FlowRest(http_client(settings().flow_rest_url))
    return FlowSubscriptions(FlowScripts(rest, addresses))


@cache
def virtual_keys() -> "DynamoVirtualKeys":
    from flareflow.adapters.dynamodb.virtual_keys import DynamoVirtualKeys

    return DynamoVirtualKeys(boto3.resource("dynamodb").Table(settings().accounts_table))


@cache
def key_issuer() -> "LiteLLMKeys":
    from flareflow.adapters.aws.secrets import secret
    from flareflow.adapters.litellm.client import litellm_client
    from flareflow.adapters.litellm.keys import LiteLLMKeys

    master_key = secret(settings().litellm_master_key_secret)
    return LiteLLMKeys(litellm_client(settings().litellm_url, master_key))


@cache
def create_key() -> "CreateKey":
    from flareflow.accounts.budgets import Budgets
    from flareflow.accounts.keys import CreateKey
    from flareflow.adapters.dynamodb.virtual_keys import DynamoKeyRequests
    from flareflow.bootstrap.standings import judge_standing

    tables = boto3.resource("dynamodb")
    return CreateKey(
        subscriptions=on_chain_subscriptions(),
        requests=DynamoKeyRequests(tables.Table(settings().accounts_table), tables.Table(settings().ledger_table)),
        keys=virtual_keys(),
        issuer=key_issuer(),
        judge=judge_standing(settings().ledger_table, settings().usage_table),
        budgets=Budgets(settings().budget_usd_per_million_tokens),
        clock=utc_now,
    )


@cache
def change_key() -> "ChangeKey":
    from flareflow.accounts.key_changes import ChangeKey

    return ChangeKey(on_chain_subscriptions(), virtual_keys())


@cache
def rotate_key() -> "RotateKey":
    from flareflow.accounts.key_changes import RotateKey
    from flareflow.adapters.dynamodb.key_usage import DynamoKeyUsages

    usages = DynamoKeyUsages(boto3.resource("dynamodb").Table(settings().usage_table), time.sleep)
    return RotateKey(on_chain_subscriptions(), virtual_keys(), key_issuer(), create_key(), usages, utc_now)


@cache
def make_first_keys() -> "MakeFirstKeys":
    from flareflow.accounts.key_changes import MakeFirstKeys
    from flareflow.adapters.dynamodb.subscriptions import LedgerReader

    ledger = LedgerReader(boto3.resource("dynamodb").Table(settings().ledger_table))
    return MakeFirstKeys(ledger, virtual_keys(), create_key())


@cache
def list_keys() -> "ListKeys":
    from flareflow.accounts.keys import ListKeys

    return ListKeys(on_chain_subscriptions(), virtual_keys())


@cache
def delete_key() -> "DeleteKey":
    from flareflow.accounts.keys import DeleteKey

    return DeleteKey(on_chain_subscriptions(), virtual_keys(), key_issuer())


@cache
def limit_requests() -> LimitRequests:
    return LimitRequests(DynamoRequestCounts(boto3.resource("dynamodb").Table(settings().limits_table)), utc_now)
