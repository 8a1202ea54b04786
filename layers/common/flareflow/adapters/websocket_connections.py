"""The way to open WebSocket connections: API Gateway's `@connections`."""

from dataclasses import dataclass
from typing import Final, Protocol

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

GONE: Final = "GoneException"

logger = Logger(child=True)


class ManagementApi(Protocol):
    """What we use of boto3's `apigatewaymanagementapi` client."""

    def post_to_connection(self, *, ConnectionId: str, Data: bytes) -> object: ...  # noqa: N803 (boto3's names)


@dataclass(frozen=True, slots=True)
class WebSocketConnections:
    """`Outlet` over API Gateway."""

    api: ManagementApi

    def send(self, connection_id: str, text: str) -> bool:
        try:
            self.api.post_to_connection(ConnectionId=connection_id, Data=text.encode())
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] == GONE:
                return False
            logger.warning("a message could not be sent; its client will see the gap", exc_info=error)
        return True
