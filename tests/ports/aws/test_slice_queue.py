"""The `SliceQueue` port, with the fake and with SQS (moto's server)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from flareflow.adapters.aws.queues import SliceMessage, SqsSliceQueue
from flareflow.metering.models import Window
from flareflow.metering.ports import SliceQueue
from flareflow.metering.rows import Listing, Slice
from infra.local.aws import moto_server
from infra.local.aws import session as aws
from infra.local.ports import url
from tests.fakes.spend_log import FakeSliceQueue
from tests.support.servers import running

START = datetime(2026, 11, 24, 10, 0, 0, 123_456, tzinfo=UTC)
RECEIVES_MAX = 20


@dataclass(frozen=True)
class Queue:
    """The port, and what arrives at the other end."""

    port: SliceQueue
    received: Callable[[], Sequence[Slice]]


@pytest.fixture(scope="module")
def moto() -> Iterator[None]:
    with running(moto_server.server()):
        yield


@pytest.fixture(params=["fake", pytest.param("sqs", marks=pytest.mark.stack)])
def queue(request: pytest.FixtureRequest) -> Queue:
    if request.param == "fake":
        fake = FakeSliceQueue()
        return Queue(fake, lambda: fake.sent)
    request.getfixturevalue("moto")
    sqs = aws.session().client("sqs", endpoint_url=url("moto"))
    hidden: Any = {"VisibilityTimeout": "600"}  # what was received does not come again in a test
    address = sqs.create_queue(QueueName=f"test-{uuid4()}", Attributes=hidden)["QueueUrl"]

    def received() -> Sequence[Slice]:
        bodies: list[str] = []
        for _ in range(RECEIVES_MAX):
            messages = sqs.receive_message(QueueUrl=address, MaxNumberOfMessages=10).get("Messages", [])
            bodies += [message["Body"] for message in messages]
        return [SliceMessage.model_validate_json(body).part() for body in bodies]

    return Queue(SqsSliceQueue(sqs, address), received)


def slices(count: int) -> list[Slice]:
    hour = timedelta(hours=1)
    listings = list(Listing)
    return [
        Slice(Window(START + number * hour, START + (number + 1) * hour), listings[number % len(listings)])
        for number in range(count)
    ]


@pytest.mark.parametrize("count", [0, 1, 10, 25])
def test_every_slice_arrives_to_the_microsecond(queue: Queue, count: int) -> None:
    # Given so many slices, also more than SQS takes at once
    sent = slices(count)
    # When they are queued
    queue.port.send(sent)
    # Then the same slices come out, in whatever order
    assert sorted(queue.received(), key=lambda part: part.window.start) == sent
