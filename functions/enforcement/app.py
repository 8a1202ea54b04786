"""Stream consumer: blocks or unblocks a subscription's keys when its usage or balance changes.

Records that failed at every attempt come again from a queue, which names their place in the stream.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.accounts.enforcement import once_each
from flareflow.bootstrap.enforcement import decode, enforce, failed_records
from flareflow.entrypoints.queue_batches import each_message
from flareflow.entrypoints.table_streams import BatchResponse, are_given_up, drive_again, each_in_order

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> "BatchResponse | PartialItemFailureResponse":
    if are_given_up(event):
        return each_message(
            event, context, partial(drive_again, failed_records().read, decode, once_each(enforce().run))
        )
    return each_in_order(event, decode, once_each(enforce().run))
