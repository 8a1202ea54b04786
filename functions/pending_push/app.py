"""Stream consumer: notifies those who watch a subscription when its usage, its balance or one of its keys changes.

Records that failed at every attempt come again from a queue, which names their place in the stream.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.pending_push import decode, failed_records, push
from flareflow.entrypoints.queue_batches import each_message
from flareflow.entrypoints.schedule import deadline_of
from flareflow.entrypoints.table_streams import BatchResponse, are_given_up, drive_again, each_subscription

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> "BatchResponse | PartialItemFailureResponse":
    if are_given_up(event):
        return each_message(event, context, partial(drive_again, failed_records().read, decode, push().each))
    return each_subscription(event, decode, push().run, deadline_of(context))
