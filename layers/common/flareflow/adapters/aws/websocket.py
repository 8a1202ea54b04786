"""Sends messages to open WebSocket connections over API Gateway's `@connections`."""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Final, Protocol, cast

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError

GONE: Final = "GoneException"
SEND_SECONDS: Final = 1
"""The time limit of one attempt. There is one attempt: what a client misses it gets by resuming."""
AT_ONCE_MAX: Final = 32
"""Connections that are sent to at the same time."""
BROADCAST_SECONDS_MAX: Final = 3.0

logger = Logger(child=True)


class ManagementApi(Protocol):
    """The methods of boto3's `apigatewaymanagementapi` client that are used here."""

    def post_to_connection(self, *, ConnectionId: str, Data: bytes) -> object: ...  # noqa: N803 (boto3's names)

    def get_connection(self, *, ConnectionId: str) -> object: ...  # noqa: N803

    def delete_connection(self, *, ConnectionId: str) -> object: ...  # noqa: N803


@dataclass(frozen=True, slots=True)
class WebSocketConnections:
    """`ConnectionSender` over API Gateway."""

    api: ManagementApi
    broadcast_seconds_max: float = BROADCAST_SECONDS_MAX

    def send(self, connection_id: str, text: str) -> bool:
        return self._send_all(connection_id, [text])

    def broadcast(self, connection_ids: Sequence[str], texts: Sequence[str]) -> Collection[str]:
        pool = ThreadPoolExecutor(min(AT_ONCE_MAX, len(connection_ids)))
        sent = {pool.submit(self._send_all, one, texts): one for one in connection_ids}
        done, late = wait(sent, self.broadcast_seconds_max)
        pool.shutdown(wait=False, cancel_futures=True)
        if late:
            logger.warning("%d WebSocket connections were not sent to in time", len(late))
        return [sent[one] for one in done if not one.result()]

    def close(self, connection_id: str) -> None:
        try:
            self.api.delete_connection(ConnectionId=connection_id)
        except (ClientError, BotoCoreError) as error:
            if not _is_gone(error):
                logger.warning("a WebSocket connection could not be closed", exc_info=error)

    def is_open(self, connection_id: str) -> bool:
        try:
            self.api.get_connection(ConnectionId=connection_id)
        except (ClientError, BotoCoreError) as error:
            return not _is_gone(error)
        return True

    def _send_all(self, connection_id: str, texts: Sequence[str]) -> bool:
        for text in texts:
            try:
                self.api.post_to_connection(ConnectionId=connection_id, Data=text.encode())
            except (ConnectTimeoutError, ReadTimeoutError):
                logger.warning("a WebSocket connection took no text for %d s and is closed", SEND_SECONDS)
                self.close(connection_id)
                return False
            except (ClientError, BotoCoreError) as error:
                if _is_gone(error):
                    return False
                logger.warning("a WebSocket message could not be sent", exc_info=error)
                return True
        return True


def _is_gone(error: Exception) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] == GONE


def websocket_connections(url: str) -> WebSocketConnections:
    """The connections of the WebSocket API whose stage is at `url`."""
    config = Config(
        connect_timeout=SEND_SECONDS,
        read_timeout=SEND_SECONDS,
        retries={"total_max_attempts": 1},
        max_pool_connections=AT_ONCE_MAX,
    )
    api = boto3.client("apigatewaymanagementapi", endpoint_url=url, config=config)
    return WebSocketConnections(cast("ManagementApi", api))
