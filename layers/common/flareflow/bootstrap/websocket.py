"""Composition root of `websocket`."""

from functools import cache
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from flareflow.adapters.dynamodb.live_epochs import LiveEpochs
    from flareflow.adapters.dynamodb.virtual_keys import DynamoVirtualKeys


class WebsocketSettings(Settings):
    """Environment of the function."""

    realtime_table: str
    ledger_table: str
    usage_table: str
    limits_table: str
    accounts_table: str
    statements_table: str
    documents_bucket: str
    websocket_url: str


@cache
def virtual_keys() -> "DynamoVirtualKeys":
    """Imported and made at the first snapshot, as is `live_epochs`: a client that resumes needs neither."""
    from flareflow.adapters.dynamodb.virtual_keys import DynamoVirtualKeys

    return DynamoVirtualKeys(boto3.resource("dynamodb").Table(WebsocketSettings.from_environment().accounts_table))


@cache
def live_epochs() -> "LiveEpochs":
    from flareflow.adapters.aws.documents import CONFIG, S3Documents
    from flareflow.adapters.dynamodb.attestations import DynamoAttestations
    from flareflow.adapters.dynamodb.live_epochs import LiveEpochs
    from flareflow.adapters.dynamodb.statements import DynamoStatements

    settings = WebsocketSettings.from_environment()
    statements = boto3.resource("dynamodb").Table(settings.statements_table)
    return LiveEpochs(
        statements=DynamoStatements(statements),
        attestations=DynamoAttestations(statements),
        documents=S3Documents(boto3.client("s3", config=CONFIG), settings.documents_bucket),
    )


@cache
def routes() -> Routes:
    settings = WebsocketSettings.from_environment()
    dynamodb = boto3.resource("dynamodb")
    table, ledger = dynamodb.Table(settings.realtime_table), dynamodb.Table(settings.ledger_table)
    connections, messages = DynamoConnections(table), DynamoMessages(table)
    snapshots = DynamoSnapshots(ledger, dynamodb.Table(settings.usage_table), virtual_keys, live_epochs)
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
