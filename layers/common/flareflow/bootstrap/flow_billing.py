"""Composition root of `flow_billing`."""

import time
from functools import cache

import boto3

from flareflow.adapters.aws.documents import S3Documents
from flareflow.adapters.aws.kms import KmsKey
from flareflow.adapters.dynamodb.attestations import DynamoAttestations, DynamoPolicies
from flareflow.adapters.dynamodb.ledger import DynamoOutbox, DynamoProposerKeys
from flareflow.adapters.dynamodb.rates import DynamoRates
from flareflow.adapters.dynamodb.statements import DynamoSettledTotals, DynamoStatements
from flareflow.adapters.flow.cadence import contract_addresses
from flareflow.adapters.flow.contracts import FlowDollarRates, FlowLightClient
from flareflow.adapters.flow.rest import FlowRest, FlowScripts, http_client
from flareflow.adapters.flow.signer import KmsFlowSigner
from flareflow.adapters.flow.transactions import AccessNode, FlowTransactions
from flareflow.entrypoints.settings import Settings
from flareflow.settlement.billing import BillOnFlow
from flareflow.settlement.pages import SealedPages
from flareflow.settlement.rates import ReadRate
from flareflow.settlement.sending import SendOnFlow


class FlowBillingSettings(Settings):
    """Environment of the function."""

    statements_table: str
    ledger_table: str
    documents_bucket: str
    flow_rest_url: str
    flow_access_host: str
    flow_network: str
    flow_contract_address: str
    flow_operator_address: str
    flow_key_id: str


@cache
def settings() -> FlowBillingSettings:
    return FlowBillingSettings.from_environment()


@cache
def bill_on_flow() -> BillOnFlow:
    operator = settings().flow_operator_address
    rest = FlowRest(http_client(settings().flow_rest_url))
    addresses = contract_addresses(settings().flow_network, settings().flow_contract_address)
    tables = boto3.resource("dynamodb")
    statements = tables.Table(settings().statements_table)
    ledger = tables.Table(settings().ledger_table)
    documents = S3Documents(boto3.client("s3"), settings().documents_bucket)
    flow = FlowTransactions(
        rest=rest,
        access=AccessNode.parse(settings().flow_access_host),
        operator=operator,
        signer=KmsFlowSigner(KmsKey(boto3.client("kms"), settings().flow_key_id)),
        addresses=addresses,
    )
    keys = DynamoProposerKeys(ledger, operator)
    scripts = FlowScripts(rest, addresses)
    return BillOnFlow(
        attestations=DynamoAttestations(statements),
        policies=DynamoPolicies(statements),
        light_client=FlowLightClient(scripts),
        pages=SealedPages(DynamoStatements(statements), documents),
        settled=DynamoSettledTotals(ledger, time.sleep),
        rate=ReadRate(FlowDollarRates(scripts, operator), DynamoRates(ledger)),
        sender=SendOnFlow(flow, DynamoOutbox(ledger), keys, pause=time.sleep),
    )
