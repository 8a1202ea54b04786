"""Composition root of `chain_events`."""

import time
from functools import cache

import boto3

from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.flow.cadence import contract_addresses
from flareflow.adapters.flow.contracts import FlowChainLog, FlowDepositToken
from flareflow.adapters.flow.rest import FlowRest, FlowScripts, http_client
from flareflow.entrypoints.settings import Settings
from flareflow.settlement.chain_events import ReadChainEvents
from flareflow.settlement.repairing import RepairJournal
from flareflow.time import utc_now


class ChainSettings(Settings):
    """Where the contract's events are read, and where they are stored."""

    ledger_table: str
    flow_rest_url: str
    flow_network: str
    flow_contract_address: str
    flow_start_height: int
    flow_historic_nodes: str = ""


@cache
def read_chain_events() -> ReadChainEvents:
    settings = ChainSettings.from_environment()
    chain = chain_log(settings)
    addresses = contract_addresses(settings.flow_network, settings.flow_contract_address)
    return ReadChainEvents(
        chain=chain,
        token=FlowDepositToken(FlowScripts(chain.rest, addresses)),
        ledger=DynamoLedger(boto3.resource("dynamodb").Table(settings.ledger_table), time.sleep),
        start_height=settings.flow_start_height,
        clock=utc_now,
    )


@cache
def repair_journal() -> RepairJournal:
    reading = read_chain_events()
    return RepairJournal(reading.chain, reading.token, reading.ledger)


def chain_log(settings: ChainSettings) -> FlowChainLog:
    """The contract's events, from the nodes of the settings."""
    rest = FlowRest(http_client(settings.flow_rest_url))
    return FlowChainLog(rest, settings.flow_contract_address, _historic(settings.flow_historic_nodes))


def _historic(nodes: str) -> dict[int, FlowRest]:
    """The nodes of past sporks by their last blocks: `130290658=http://…:8070,137390145=http://…:8070`."""
    named = (node.strip().partition("=") for node in nodes.split(",") if node.strip())
    return {int(last): FlowRest(http_client(url)) for last, _, url in named}
