"""Composition root of `key_provisioning`."""

from functools import cache

import boto3

from flareflow.accounts.keys import CreateKey, DeleteKey, ListKeys
from flareflow.adapters.aws.secrets import secret
from flareflow.adapters.dynamodb.accounts import DynamoKeyRequests, DynamoVirtualKeys
from flareflow.adapters.flow.rest import FlowRest, FlowScripts, contract_addresses, http_client
from flareflow.adapters.flow.subscriptions import FlowSubscriptions
from flareflow.adapters.litellm.client import litellm_client
from flareflow.adapters.litellm.keys import LiteLLMKeys
from flareflow.entrypoints.settings import Settings
from flareflow.time import utc_now


class KeyProvisioningSettings(Settings):
    """Environment of the function."""

    accounts_table: str
    litellm_url: str
    litellm_master_key_secret: str
    flow_rest_url: str
    flow_network: str
    flow_contract_address: str


@cache
def settings() -> KeyProvisioningSettings:
    return KeyProvisioningSettings.from_environment()


@cache
def on_chain_subscriptions() -> FlowSubscriptions:
    addresses = contract_addresses(settings().flow_network, settings().flow_contract_address)
    rest = FlowRest(http_client(settings().flow_rest_url))
    return FlowSubscriptions(FlowScripts(rest, addresses))


@cache
def virtual_keys() -> DynamoVirtualKeys:
    return DynamoVirtualKeys(boto3.resource("dynamodb").Table(settings().accounts_table))


@cache
def key_issuer() -> LiteLLMKeys:
    master_key = secret(settings().litellm_master_key_secret)
    return LiteLLMKeys(litellm_client(settings().litellm_url, master_key))


@cache
def create_key() -> CreateKey:
    requests = DynamoKeyRequests(boto3.resource("dynamodb").Table(settings().accounts_table))
    return CreateKey(on_chain_subscriptions(), requests, virtual_keys(), key_issuer(), utc_now)


@cache
def list_keys() -> ListKeys:
    return ListKeys(on_chain_subscriptions(), virtual_keys())


@cache
def delete_key() -> DeleteKey:
    return DeleteKey(on_chain_subscriptions(), virtual_keys(), key_issuer())
