"""Composition root of `chain_events`."""

from functools import cache

import boto3

from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.flow.contracts import FlowChainLog, FlowDepositToken
from flareflow.adapters.flow.rest import FlowRest, FlowScripts, contract_addresses, http_client
from flareflow.entrypoints.settings import Settings
from flareflow.settlement.chain_events import ReadChainEvents
from flareflow.time import utc_now


class ChainEventsSettings(Settings):
    """Environment of the function."""

    ledger_table: str
    flow_rest_url: str
    flow_network: str
    flow_contract_address: str
    flow_start_height: int


@cache
def read_chain_events() -> ReadChainEvents:
    settings = ChainEventsSettings.from_environment()
    rest = FlowRest(http_client(settings.flow_rest_url))
    addresses = contract_addresses(settings.flow_network, settings.flow_contract_address)
    return ReadChainEvents(
        chain=FlowChainLog(rest, settings.flow_contract_address),
        token=FlowDepositToken(FlowScripts(rest, addresses)),
        ledger=DynamoLedger(boto3.resource("dynamodb").Table(settings.ledger_table)),
        start_height=settings.flow_start_height,
        clock=utc_now,
    )
