"""Composition root of `operator_api`."""

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Annotated

import boto3
from pydantic import Field

from flareflow.adapters.dynamodb.limits import DynamoRequestCounts
from flareflow.bootstrap.usage_cases import UsageCasesSettings, operator_of
from flareflow.limits import LimitRequests
from flareflow.metering.dead_letters import QueueName
from flareflow.time import utc_now

if TYPE_CHECKING:
    from flareflow.accounts.key_differences import CompareKeys
    from flareflow.accounts.subscriptions import ReadAnySubscription
    from flareflow.adapters.aws.dead_letter_queues import SqsQueues
    from flareflow.adapters.flow.rest import FlowRest
    from flareflow.metering.commands import Operator
    from flareflow.metering.deciding import ListCases
    from flareflow.metering.margins import ReadMargins
    from flareflow.settlement.payers import ReadPayers
    from flareflow.settlement.signing_policies import ReadPolicies


class OperatorApiSettings(UsageCasesSettings):
    """Environment of the function; `push_function` and `enforcement_function` are names of functions."""

    ledger_table: str
    limits_table: str
    litellm_url: str
    litellm_master_key_secret: str
    rated_million_usd: Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]
    usage_slices_dead_letters: str
    push_failures_queue: str
    enforcement_failures_queue: str
    stream_dead_letters: str
    webhooks_queue: str
    webhooks_dead_letters: str
    push_function: str
    enforcement_function: str
    statements_table: str
    flow_rest_url: str
    flow_network: str
    flow_contract_address: str
    flow_operator_address: str
    flare_rpc_url: str
    flare_key_id: str


@cache
def settings() -> OperatorApiSettings:
    return OperatorApiSettings.from_environment()


@cache
def operator() -> "Operator":
    return operator_of(settings())


@cache
def list_cases() -> "ListCases":
    from flareflow.metering.deciding import ListCases

    return ListCases(operator().cases)


@cache
def read_subscription() -> "ReadAnySubscription":
    from flareflow.accounts.subscriptions import ReadAnySubscription
    from flareflow.adapters.dynamodb.standings import DynamoStandings
    from flareflow.adapters.dynamodb.subscriptions import LedgerReader

    table = boto3.resource("dynamodb").Table(settings().ledger_table)
    return ReadAnySubscription(LedgerReader(table), DynamoStandings(table))


@cache
def read_margins() -> "ReadMargins":
    from flareflow.adapters.dynamodb.reconciled import DynamoReconciled
    from flareflow.adapters.litellm.rows import NANOUSD
    from flareflow.metering.margins import ReadMargins

    usage = boto3.resource("dynamodb").Table(settings().usage_table)
    return ReadMargins(DynamoReconciled(usage), int(settings().rated_million_usd * NANOUSD))


@cache
def queues() -> "SqsQueues":
    from flareflow.adapters.aws.dead_letter_queues import SqsQueues

    given = settings()
    urls = {
        QueueName.USAGE_SLICES: given.usage_slices_queue,
        QueueName.USAGE_SLICES_DEAD_LETTERS: given.usage_slices_dead_letters,
        QueueName.PUSH_FAILURES: given.push_failures_queue,
        QueueName.ENFORCEMENT_FAILURES: given.enforcement_failures_queue,
        QueueName.STREAM_DEAD_LETTERS: given.stream_dead_letters,
        QueueName.WEBHOOKS: given.webhooks_queue,
        QueueName.WEBHOOKS_DEAD_LETTERS: given.webhooks_dead_letters,
    }
    readers = {
        given.push_function: QueueName.PUSH_FAILURES,
        given.enforcement_function: QueueName.ENFORCEMENT_FAILURES,
    }
    return SqsQueues(boto3.client("sqs"), urls, readers)


@cache
def compare_keys() -> "CompareKeys":
    from flareflow.accounts.key_differences import CompareKeys
    from flareflow.adapters.aws.secrets import secret
    from flareflow.adapters.dynamodb.key_sweep import DynamoAllSubscriptions
    from flareflow.adapters.dynamodb.virtual_keys import DynamoVirtualKeys
    from flareflow.adapters.litellm.client import litellm_client
    from flareflow.adapters.litellm.keys import LiteLLMKeys

    given, tables = settings(), boto3.resource("dynamodb")
    return CompareKeys(
        subscriptions=DynamoAllSubscriptions(tables.Table(given.ledger_table)),
        keys=DynamoVirtualKeys(tables.Table(given.accounts_table)),
        issuer=LiteLLMKeys(litellm_client(given.litellm_url, secret(given.litellm_master_key_secret))),
    )


@cache
def flow() -> "FlowRest":
    from flareflow.adapters.flow.rest import FlowRest, http_client

    return FlowRest(http_client(settings().flow_rest_url))


@cache
def read_payers() -> "ReadPayers":
    from flareflow.adapters.aws.kms import KmsKey
    from flareflow.adapters.flare.payer import FlarePayer
    from flareflow.adapters.flow.payer import FlowPayer
    from flareflow.settlement.payers import ReadPayers

    key = KmsKey(boto3.client("kms"), settings().flare_key_id)
    return ReadPayers(
        flow=FlowPayer(flow(), settings().flow_operator_address), flare=FlarePayer.at(settings().flare_rpc_url, key)
    )


@cache
def read_policies() -> "ReadPolicies":
    from flareflow.adapters.dynamodb.attestations import DynamoPolicies
    from flareflow.adapters.flow.cadence import contract_addresses
    from flareflow.adapters.flow.contracts import FlowLightClient
    from flareflow.adapters.flow.rest import FlowScripts
    from flareflow.settlement.signing_policies import ReadPolicies

    addresses = contract_addresses(settings().flow_network, settings().flow_contract_address)
    statements = boto3.resource("dynamodb").Table(settings().statements_table)
    return ReadPolicies(FlowLightClient(FlowScripts(flow(), addresses)), DynamoPolicies(statements))


@cache
def limit_requests() -> LimitRequests:
    return LimitRequests(DynamoRequestCounts(boto3.resource("dynamodb").Table(settings().limits_table)), utc_now)
