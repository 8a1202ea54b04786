"""Composition root of `websocket`."""

from functools import cache

import boto3

from flareflow.adapters.aws.websocket import websocket_connections
from flareflow.adapters.dynamodb.realtime import DynamoConnections, DynamoMessages, DynamoTickets
from flareflow.adapters.dynamodb.subscriptions import LedgerReader
from flareflow.entrypoints.settings import Settings
from flareflow.entrypoints.websocket import Routes
from flareflow.realtime.connections import Connect, Watch
from flareflow.time import utc_now


class WebsocketSettings(Settings):
    """Environment of the function."""

    realtime_table: str
    ledger_table: str
    websocket_url: str


@cache
def routes() -> Routes:
    settings = WebsocketSettings.from_environment()
    table = boto3.resource("dynamodb").Table(settings.realtime_table)
    ledger = LedgerReader(boto3.resource("dynamodb").Table(settings.ledger_table))
    connections = DynamoConnections(table)
    sender = websocket_connections(settings.websocket_url)
    return Routes(
        connect=Connect(DynamoTickets(table), connections, utc_now).run,
        watch=Watch(connections, ledger, DynamoMessages(table), sender, utc_now).run,
        disconnect=connections.remove,
        send=sender.send,
    )
