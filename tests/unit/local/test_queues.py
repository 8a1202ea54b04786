"""Which messages of a batch are deleted, and which the queue gives out again."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from infra.local.aws.gateway.event_sources import EventSource
from infra.local.aws.gateway.functions import ThrottledError
from infra.local.aws.gateway.queues import QueuePoller
from infra.local.aws.gateway.runtime import Outcome
from infra.local.aws.gateway.sqs_orders import Orders, SqsOrders

type Handler = Callable[[Sequence[str]], Outcome]


@dataclass
class FakeFunctions:
    handler: Handler

    async def invoke(self, _: str, payload: bytes) -> Outcome:
        return self.handler([record["messageId"] for record in json.loads(payload)["Records"]])


@dataclass
class FakeQueue:
    """Gives out messages 1 to 3 once, then nothing any more."""

    waiting: list[str] = field(default_factory=lambda: ["1", "2", "3"])
    deleted: list[str] = field(default_factory=list)
    shown_again: list[str] = field(default_factory=list)
    asked_for: list[int] = field(default_factory=list)

    def get_queue_url(self, **_: str) -> dict[str, str]:
        return {"QueueUrl": "queue"}

    def receive_message(self, **given: Any) -> dict[str, Any]:
        self.asked_for.append(given["MaxNumberOfMessages"])
        taken, self.waiting = self.waiting, []
        return {"Messages": [message(name) for name in taken]}

    def delete_message(self, **given: str) -> None:
        self.deleted.append(given["ReceiptHandle"])

    def change_message_visibility(self, **given: Any) -> None:
        assert given["VisibilityTimeout"] == 0
        self.shown_again.append(given["ReceiptHandle"])


def message(name: str) -> dict[str, Any]:
    return {"MessageId": name, "ReceiptHandle": name, "Body": "{}", "Attributes": {}, "MD5OfBody": ""}


def after_polling(
    handler: Handler, *, batch_size: int = 5, reports: bool = True, orders: SqsOrders | None = None
) -> FakeQueue:
    """The queue, once everything that it gave out was handled."""
    queue = FakeQueue()
    source = EventSource("arn:aws:sqs:us-east-1:123456789012:jobs", "Jobs", batch_size, reports, properties={})
    poller = QueuePoller(source, FakeFunctions(handler), queue, orders or SqsOrders())  # type: ignore[arg-type]

    async def poll() -> None:
        records = await poller.receive("queue")
        await poller.deliver("queue", records)

    asyncio.run(poll())
    return queue


def failed(*names: str) -> Outcome:
    return Outcome(json.dumps({"batchItemFailures": [{"itemIdentifier": name} for name in names]}).encode())


def throttle(_: Sequence[str]) -> Outcome:
    raise ThrottledError


@pytest.mark.parametrize(
    ("handler", "deleted"),
    [
        (lambda _: failed(), ["1", "2", "3"]),
        (lambda _: failed("2"), ["1", "3"]),
        (lambda _: Outcome.failure("Unhandled", "the handler raised"), []),
        (throttle, []),
    ],
    ids=["all done", "one failed", "the function failed", "the function is throttled"],
)
def test_only_what_was_done_is_deleted(handler: Handler, deleted: list[str]) -> None:
    assert after_polling(handler).deleted == deleted


def test_failures_are_ignored_where_the_template_does_not_ask_for_them() -> None:
    assert after_polling(lambda _: failed("2"), reports=False).deleted == ["1", "2", "3"]


@pytest.mark.parametrize(("batch_size", "asked"), [(5, 5), (100, 10)])
def test_a_batch_has_the_templates_size_and_at_most_ten_messages(batch_size: int, asked: int) -> None:
    queue = after_polling(lambda _: failed(), batch_size=batch_size)
    assert set(queue.asked_for) == {asked}


def test_a_message_that_was_handled_comes_again_as_often_as_ordered() -> None:
    queue = after_polling(lambda _: failed(), orders=SqsOrders(Orders(deliver_again=2)))
    assert (queue.shown_again, queue.deleted) == (["1", "2"], ["3"])
