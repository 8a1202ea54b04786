"""Stream consumer: notifies those who watch a subscription when its usage or balance changes."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.pending_push import decode, push
from flareflow.entrypoints.table_streams import BatchResponse, each_in_order

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> BatchResponse:
    return each_in_order(event, decode, push().run)
