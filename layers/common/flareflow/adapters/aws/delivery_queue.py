"""Orders of webhook deliveries that wait in an SQS queue until they are due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter

from flareflow.adapters.aws.sending import send_all
from flareflow.webhooks.models import Order

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

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
        messages = [(ORDER.dump_json(order).decode(), delay_seconds(order.due_at - now)) for order in orders]
        send_all(self.sqs, self.queue_url, messages, "orders")


def delay_seconds(left: timedelta) -> int:
    """Whole seconds, rounded up, from 0 to `DELAY_SECONDS_MAX`."""
    return min(max(0, -(-left // timedelta(seconds=1))), DELAY_SECONDS_MAX)
