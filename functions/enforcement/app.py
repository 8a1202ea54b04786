"""Stream consumer: blocks or unblocks a subscription's keys when its usage or balance changes."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.accounts.enforcement import once_each
from flareflow.bootstrap.enforcement import decode, enforce
from flareflow.entrypoints.table_streams import BatchResponse, each_in_order

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> BatchResponse:
    return each_in_order(event, decode, once_each(enforce().run))
