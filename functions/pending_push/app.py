"""Stream consumer: notifies those who watch a subscription when its usage, its balance or one of its keys changes.

Its webhooks are told of the few changes that are events.

Records that failed at every attempt come again from a queue, which names their place in the stream.
"""

from collections.abc import Sequence
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.pending_push import announce, decode, failed_records, push
from flareflow.entrypoints.queue_batches import each_message
from flareflow.entrypoints.schedule import deadline_of
from flareflow.entrypoints.table_streams import BatchResponse, are_given_up, drive_again, each_subscription
from flareflow.realtime.changes import Change
from flareflow.realtime.pushing import Push
from flareflow.webhooks.events import happenings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse

logger = Logger()
making_announce = Lock()
"""Several subscriptions may have the first event of a function at the same time."""


def tell(pushing: Push, subscription_id: int, changes: Sequence[Change]) -> None:
    pushing.run(subscription_id, changes)
    if events := happenings(changes):
        with making_announce:
            announcing = announce()
        announcing.run(subscription_id, events)


def tell_each(pushing: Push, changes: Sequence[Change]) -> None:
    for change in changes:
        tell(pushing, change.subscription_id, [change])


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> "BatchResponse | PartialItemFailureResponse":
    if are_given_up(event):
        telling = partial(tell_each, push())
        return each_message(event, context, partial(drive_again, failed_records().read, decode, telling))
    return each_subscription(event, decode, partial(tell, push()), deadline_of(context))
