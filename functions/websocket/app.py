"""WebSocket API: opens and closes connections and lets them watch subscriptions."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.websocket import routes
from flareflow.entrypoints.websocket import WebSocketEvent

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return routes().run(WebSocketEvent.model_validate(event)).for_gateway()
