"""The `DeliveryQueue` port, with the fake and with SQS (moto's server)."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from flareflow.adapters.aws.delivery_queue import DELAY_SECONDS_MAX, ORDER, SqsDeliveryQueue, delay_seconds
from flareflow.errors import StorageUnavailableError
from flareflow.webhooks.models import Order
from flareflow.webhooks.ports import DeliveryQueue
from infra.local.aws import moto_server
from infra.local.aws import session as aws
from infra.local.ports import url
from tests.fakes.accounts import ALICE
from tests.fakes.webhooks import FakeDeliveryQueue
from tests.support.servers import running

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
DUE = Order(ALICE, "wh_7_1", "evt_1", 1, NOW)
LATER = replace(DUE, version=2, due_at=NOW + timedelta(seconds=8))


@dataclass(frozen=True)
class Queue:
    """The port, and what can be received so many seconds later."""

    port: DeliveryQueue
    received_after: Callable[[int], list[Order]]


@pytest.fixture(scope="module")
def moto() -> Iterator[None]:
    with running(moto_server.server()):
        yield


@pytest.fixture(params=["fake", pytest.param("sqs", marks=pytest.mark.stack)])
def queue(request: pytest.FixtureRequest) -> Queue:
    if request.param == "fake":
        fake = FakeDeliveryQueue()

        def taken(seconds: int) -> list[Order]:
            orders = [fake.receive(NOW + timedelta(seconds=seconds)) for _ in range(30)]
            return [order for order in orders if order]

        return Queue(fake, taken)
    request.getfixturevalue("moto")
    sqs = aws.session().client("sqs", endpoint_url=url("moto"))
    hidden: Any = {"VisibilityTimeout": "600"}  # what was received does not come again in a test
    address = sqs.create_queue(QueueName=f"test-{uuid4()}", Attributes=hidden)["QueueUrl"]

    def received_after(seconds: int) -> list[Order]:
        time.sleep(seconds)
        answers = [sqs.receive_message(QueueUrl=address, MaxNumberOfMessages=10) for _ in range(5)]
        return [ORDER.validate_json(one["Body"]) for answer in answers for one in answer.get("Messages", [])]

    return Queue(SqsDeliveryQueue(sqs, address), received_after)


def test_more_orders_than_fit_into_one_request_arrive(queue: Queue) -> None:
    orders = [replace(DUE, delivery_id=f"evt_{number}") for number in range(23)]
    queue.port.send(orders, NOW)
    assert sorted(queue.received_after(0), key=orders.index) == orders


def test_an_order_comes_when_it_is_due(queue: Queue) -> None:
    queue.port.send([LATER, DUE], NOW)
    assert queue.received_after(0) == [DUE]
    assert queue.received_after(9) == [LATER]


@pytest.mark.parametrize(
    ("left", "seconds"),
    [(-5.0, 0), (0.0, 0), (0.1, 1), (5.0, 5), (899.5, 900), (86_400.0, DELAY_SECONDS_MAX)],
)
def test_no_order_waits_longer_than_sqs_lets_a_message_wait(left: float, seconds: int) -> None:
    assert delay_seconds(timedelta(seconds=left)) == seconds


@pytest.mark.stack
def test_a_queue_that_does_not_take_an_order_says_so(moto: None) -> None:
    sqs = aws.session().client("sqs", endpoint_url=url("moto"))
    with pytest.raises(StorageUnavailableError):
        SqsDeliveryQueue(sqs, f"{url('moto')}/123456789012/none").send([DUE], NOW)
