"""Orders of webhook deliveries that wait in an SQS queue until they are due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import TypeAdapter

from flareflow.errors import StorageUnavailableError
from flareflow.webhooks.models import Order

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

BATCH_MAX: Final = 10
DELAY_SECONDS_MAX: Final = 900
"""SQS delays a message for a quarter of an hour at most."""

ORDER: Final = TypeAdapter(Order)


@dataclass(frozen=True, slots=True)
class SqsDeliveryQueue:
    """`DeliveryQueue` over SQS. An order may come more than once, and earlier than it is due.

    What waits is delayed and not in flight, of which a queue has a limited number; so any number of orders can wait.
    """

    sqs: "SQSClient"
    queue_url: str

    def send(self, orders: Sequence[Order], now: datetime) -> None:
        for batch in batched(orders, BATCH_MAX, strict=False):
            self._send_batch(batch, now)

    def _send_batch(self, orders: Sequence[Order], now: datetime) -> None:
        try:
            answer = self.sqs.send_message_batch(
                QueueUrl=self.queue_url,
                Entries=[
                    {
                        "Id": str(number),
                        "MessageBody": ORDER.dump_json(order).decode(),
                        "DelaySeconds": delay_seconds(order.due_at - now),
                    }
                    for number, order in enumerate(orders)
                ],
            )
        except (ClientError, BotoCoreError) as error:
            raise StorageUnavailableError(f"SQS did not take {len(orders)} orders: {error}") from error
        if failed := answer.get("Failed"):
            raise StorageUnavailableError(f"SQS did not take {len(failed)} of {len(orders)} orders: {failed}")


def delay_seconds(left: timedelta) -> int:
    """Whole seconds, rounded up, from 0 to `DELAY_SECONDS_MAX`."""
    return min(max(0, -(-left // timedelta(seconds=1))), DELAY_SECONDS_MAX)
