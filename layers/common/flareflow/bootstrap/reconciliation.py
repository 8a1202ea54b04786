"""Composition root of `reconciliation`."""

import time
from decimal import Decimal
from functools import cache
from typing import Annotated

import boto3
from pydantic import Field

from flareflow.adapters.aws.documents import S3Documents
from flareflow.adapters.aws.reports import S3Reports
from flareflow.adapters.aws.secrets import secret
from flareflow.adapters.dynamodb.billed_calls import DynamoBilledCalls
from flareflow.adapters.dynamodb.cases import DynamoCases
from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.key_directory import DynamoKeyDirectory
from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.dynamodb.reconciled import DynamoReconciled
from flareflow.adapters.dynamodb.statements import DynamoSettledTotals, DynamoStatements
from flareflow.adapters.dynamodb.statistics import DynamoStatistics, DynamoSubscriptionsInOrder
from flareflow.adapters.dynamodb.usage_reader import UsageReader
from flareflow.adapters.flow.balances import FlowBalances
from flareflow.adapters.flow.cadence import contract_addresses
from flareflow.adapters.flow.rest import FlowRest, FlowScripts, http_client
from flareflow.adapters.litellm.client import litellm_client
from flareflow.adapters.litellm.key_spend import LiteLLMKeySpend
from flareflow.adapters.litellm.rows import NANOUSD
from flareflow.bootstrap.spend_log import READ_SECONDS_OF_POLLS
from flareflow.bootstrap.status import StatusSettings, read_status_over
from flareflow.metering.reconciling import Reconcile
from flareflow.settlement.comparing import JournalAgainstContract
from flareflow.settlement.statistics import KeepStatistics
from flareflow.statements.added import StatementTotals


class ReconciliationSettings(StatusSettings):
    """Environment of the function."""

    accounts_table: str
    litellm_url: str
    litellm_master_key_secret: str
    documents_bucket: str
    flow_rest_url: str
    flow_network: str
    flow_contract_address: str
    rated_million_usd: Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]


def _journal(given: ReconciliationSettings) -> JournalAgainstContract:
    table = boto3.resource("dynamodb").Table(given.ledger_table)
    addresses = contract_addresses(given.flow_network, given.flow_contract_address)
    scripts = FlowScripts(FlowRest(http_client(given.flow_rest_url)), addresses)
    known = DynamoSettledTotals(table, time.sleep)
    return JournalAgainstContract(DynamoLedger(table, time.sleep), known, FlowBalances(scripts))


@cache
def settings() -> ReconciliationSettings:
    return ReconciliationSettings.from_environment()


@cache
def keep_statistics() -> KeepStatistics:
    given, tables = settings(), boto3.resource("dynamodb")
    return KeepStatistics(
        status=read_status_over(given),
        subscriptions=DynamoSubscriptionsInOrder(tables.Table(given.ledger_table), time.sleep),
        statements=DynamoStatements(tables.Table(given.statements_table)),
        kept=DynamoStatistics(tables.Table(given.usage_table)),
    )


@cache
def reconcile() -> Reconcile:
    given = settings()
    tables, s3 = boto3.resource("dynamodb"), boto3.client("s3")
    usage = tables.Table(given.usage_table)
    master_key = secret(given.litellm_master_key_secret)
    return Reconcile(
        billed=DynamoBilledCalls(DynamoEpochUsage(usage, time.sleep), UsageReader(usage)),
        sealed=StatementTotals(
            DynamoStatements(tables.Table(given.statements_table)), S3Documents(s3, given.documents_bucket)
        ),
        litellm=LiteLLMKeySpend(litellm_client(given.litellm_url, master_key, READ_SECONDS_OF_POLLS)),
        keys=DynamoKeyDirectory(tables.Table(given.accounts_table), time.sleep),
        reconciled=DynamoReconciled(usage),
        cases=DynamoCases(usage, time.sleep),
        reports=S3Reports(s3, given.documents_bucket),
        journal=_journal(given),
        unit_nanousd=int(given.rated_million_usd * NANOUSD),
    )
