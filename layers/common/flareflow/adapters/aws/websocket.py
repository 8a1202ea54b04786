"""Sends messages to open WebSocket connections over API Gateway's `@connections`."""

from dataclasses import dataclass
from typing import Final, Protocol, cast

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

GONE: Final = "GoneException"
SEND_SECONDS: Final = 2
"""The time limit of one attempt, so that an unreachable connection does not delay the others for long."""

logger = Logger(child=True)


class ManagementApi(Protocol):
    """The method of boto3's `apigatewaymanagementapi` client that is used here."""

    def post_to_connection(self, *, ConnectionId: str, Data: bytes) -> object: ...  # noqa: N803 (boto3's names)


@dataclass(frozen=True, slots=True)
class WebSocketConnections:
    """`ConnectionSender` over API Gateway."""

    api: ManagementApi

    def send(self, connection_id: str, text: str) -> bool:
        try:
            self.api.post_to_connection(ConnectionId=connection_id, Data=text.encode())
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] == GONE:
                return False
            logger.warning("a WebSocket message could not be sent", exc_info=error)
        return True


def websocket_connections(url: str) -> WebSocketConnections:
    """The connections of the WebSocket API whose stage is at `url`."""
    config = Config(connect_timeout=SEND_SECONDS, read_timeout=SEND_SECONDS, retries={"total_max_attempts": 2})
    api = boto3.client("apigatewaymanagementapi", endpoint_url=url, config=config)
    return WebSocketConnections(cast("ManagementApi", api))
