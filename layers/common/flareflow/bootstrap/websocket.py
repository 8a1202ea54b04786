"""Composition root of `websocket`."""

from functools import cache

import boto3

from flareflow.adapters.aws.websocket import websocket_connections
from flareflow.adapters.dynamodb.connections import DynamoConnections, DynamoTickets
from flareflow.adapters.dynamodb.limits import DynamoRequestCounts
from flareflow.adapters.dynamodb.live_snapshots import DynamoSnapshots
from flareflow.adapters.dynamodb.messages import DynamoMessages
from flareflow.adapters.dynamodb.subscriptions import LedgerReader
from flareflow.entrypoints.limits import LimitRoutes
from flareflow.entrypoints.settings import Settings
from flareflow.entrypoints.websocket import Routes
from flareflow.limits import LimitRequests
from flareflow.realtime.connections import Connect, Forget
from flareflow.realtime.watching import Ping, Refuse, Watch
from flareflow.time import utc_now


class WebsocketSettings(Settings):
    """Environment of the function."""

    realtime_table: str
    ledger_table: str
    usage_table: str
    limits_table: str
    websocket_url: str


@cache
def routes() -> Routes:
    settings = WebsocketSettings.from_environment()
    dynamodb = boto3.resource("dynamodb")
    table, ledger = dynamodb.Table(settings.realtime_table), dynamodb.Table(settings.ledger_table)
    connections, messages = DynamoConnections(table), DynamoMessages(table)
    snapshots = DynamoSnapshots(ledger, dynamodb.Table(settings.usage_table))
    sender = websocket_connections(settings.websocket_url)
    forget = Forget(connections, utc_now)
    watch = Watch(connections, LedgerReader(ledger), messages, snapshots, sender, forget, utc_now)
    counts = DynamoRequestCounts(dynamodb.Table(settings.limits_table))
    limits = LimitRoutes(lambda: LimitRequests(counts, utc_now))
    return Routes(
        limit=limits.run,
        connect=Connect(DynamoTickets(table), connections, sender, forget, utc_now).run,
        watch=watch.run,
        ping=Ping(connections, messages, sender).run,
        disconnect=forget.run,
        refuse=Refuse(sender).run,
    )
