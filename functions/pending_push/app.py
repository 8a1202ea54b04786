"""Stream consumer: notifies those who watch a subscription when its usage, its balance or one of its keys changes.

Its webhooks are told of the few changes that are events.

Records that failed at every attempt come again from a queue, which names their place in the stream.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.pending_push import announce, decode, failed_records, push
from flareflow.entrypoints.queue_batches import each_message
from flareflow.entrypoints.schedule import deadline_of
from flareflow.entrypoints.table_streams import BatchResponse, are_given_up, drive_again, each_subscription
from flareflow.realtime.changes import Change
from flareflow.webhooks.events import happenings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse

logger = Logger()


def tell(subscription_id: int, changes: Sequence[Change]) -> None:
    push().run(subscription_id, changes)
    if events := happenings(changes):
        announce().run(subscription_id, events)


def tell_each(changes: Sequence[Change]) -> None:
    for change in changes:
        tell(change.subscription_id, [change])


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> "BatchResponse | PartialItemFailureResponse":
    if are_given_up(event):
        return each_message(event, context, partial(drive_again, failed_records().read, decode, tell_each))
    return each_subscription(event, decode, tell, deadline_of(context))
