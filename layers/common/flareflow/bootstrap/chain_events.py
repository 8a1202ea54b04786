"""Composition root of `chain_events`."""

from functools import cache

import boto3

from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.flow.contracts import FlowChainLog
from flareflow.adapters.flow.rest import FlowRest, http_client
from flareflow.entrypoints.settings import Settings
from flareflow.settlement.chain_events import ReadChainEvents


class ChainEventsSettings(Settings):
    """Environment of the function."""

    ledger_table: str
    flow_rest_url: str
    flow_contract_address: str
    flow_start_height: int


@cache
def read_chain_events() -> ReadChainEvents:
    settings = ChainEventsSettings.from_environment()
    return ReadChainEvents(
        chain=FlowChainLog(FlowRest(http_client(settings.flow_rest_url)), settings.flow_contract_address),
        ledger=DynamoLedger(boto3.resource("dynamodb").Table(settings.ledger_table)),
        start_height=settings.flow_start_height,
    )
