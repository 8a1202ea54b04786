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
from flareflow.adapters.dynamodb.subscriptions import UsageReader
from flareflow.adapters.flow.balances import FlowBalances
from flareflow.adapters.flow.cadence import contract_addresses
from flareflow.adapters.flow.rest import FlowRest, FlowScripts, http_client
from flareflow.adapters.litellm.client import litellm_client
from flareflow.adapters.litellm.key_spend import LiteLLMKeySpend
from flareflow.adapters.litellm.rows import NANOUSD
from flareflow.bootstrap.spend_log import READ_SECONDS_OF_POLLS
from flareflow.entrypoints.settings import Settings
from flareflow.metering.reconciling import Reconcile
from flareflow.settlement.comparing import JournalAgainstContract
from flareflow.statements.added import StatementTotals


class ReconciliationSettings(Settings):
    """Environment of the function."""

    usage_table: str
    accounts_table: str
    litellm_url: str
    litellm_master_key_secret: str
    statements_table: str
    documents_bucket: str
    ledger_table: str
    flow_rest_url: str
    flow_network: str
    flow_contract_address: str
    rated_million_usd: Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]


def _journal(settings: ReconciliationSettings) -> JournalAgainstContract:
    table = boto3.resource("dynamodb").Table(settings.ledger_table)
    addresses = contract_addresses(settings.flow_network, settings.flow_contract_address)
    scripts = FlowScripts(FlowRest(http_client(settings.flow_rest_url)), addresses)
    known = DynamoSettledTotals(table, time.sleep)
    return JournalAgainstContract(DynamoLedger(table, time.sleep), known, FlowBalances(scripts))


@cache
def reconcile() -> Reconcile:
    settings = ReconciliationSettings.from_environment()
    tables, s3 = boto3.resource("dynamodb"), boto3.client("s3")
    usage = tables.Table(settings.usage_table)
    master_key = secret(settings.litellm_master_key_secret)
    return Reconcile(
        billed=DynamoBilledCalls(DynamoEpochUsage(usage, time.sleep), UsageReader(usage)),
        sealed=StatementTotals(
            DynamoStatements(tables.Table(settings.statements_table)), S3Documents(s3, settings.documents_bucket)
        ),
        litellm=LiteLLMKeySpend(litellm_client(settings.litellm_url, master_key, READ_SECONDS_OF_POLLS)),
        keys=DynamoKeyDirectory(tables.Table(settings.accounts_table), time.sleep),
        reconciled=DynamoReconciled(usage),
        cases=DynamoCases(usage, time.sleep),
        reports=S3Reports(s3, settings.documents_bucket),
        journal=_journal(settings),
        unit_nanousd=int(settings.rated_million_usd * NANOUSD),
    )
