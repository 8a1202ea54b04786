"""Orders from the queue are carried out at the same time, and only those that failed come again."""

import json
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from flareflow.errors import StorageUnavailableError
from flareflow.webhooks.delivering import Outcome
from flareflow.webhooks.models import Order
from tests.support.functions import Load, sample

WAIT_SECONDS_MAX = 60


def event(*names: str) -> dict[str, Any]:
    """A batch with a message for each delivery."""
    [record] = sample("webhook_delivery")["Records"]
    body = json.loads(record["body"])
    return {"Records": [record | {"messageId": n, "body": json.dumps({**body, "delivery_id": n})} for n in names]}


def test_only_the_orders_that_failed_go_back_to_the_queue(load: Load) -> None:
    # Given three messages: one that is carried out, one whose attempt cannot be recorded, one that is no order
    def run(order: Order) -> Outcome:
        if order.delivery_id == "down":
            raise StorageUnavailableError("told to be down")
        return Outcome.DELIVERED

    function = load("webhook_delivery", deliver=SimpleNamespace(run=run))
    batch = event("good", "down", "garbage")
    batch["Records"][2]["body"] = "garbage"
    # When they are handled, Then the two that failed are named
    failed = function.handle(batch)["batchItemFailures"]
    assert sorted(one["itemIdentifier"] for one in failed) == ["down", "garbage"]


def test_a_slow_receiver_delays_no_other_of_its_batch(load: Load) -> None:
    # Given a receiver that answers after all others of the batch were asked
    others_done, left = threading.Event(), {"b", "c"}

    def run(order: Order) -> Outcome:
        if order.delivery_id == "slow":
            assert others_done.wait(WAIT_SECONDS_MAX)
        else:
            left.discard(order.delivery_id)
            if not left:
                others_done.set()
        return Outcome.DELIVERED

    function = load("webhook_delivery", deliver=SimpleNamespace(run=run))
    # When the batch is handled, Then nothing failed
    assert function.handle(event("slow", "b", "c")) == {"batchItemFailures": []}


def test_what_delivers_is_made_once_for_a_batch_and_not_by_each_of_its_messages(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a function that has not delivered anything yet, so that what delivers has to be made
    function, made_by = load("webhook_delivery"), []

    def deliver() -> SimpleNamespace:
        made_by.append(threading.current_thread())
        return SimpleNamespace(run=lambda _: Outcome.DELIVERED)

    monkeypatch.setattr(function.module, "deliver", deliver)
    # When its first batch is handled, Then the handler makes it
    function.handle(event("a", "b", "c"))
    assert made_by == [threading.current_thread()]


def test_what_was_delivered_and_what_failed_is_counted(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = {"a": Outcome.DELIVERED, "b": Outcome.RETRIED, "c": Outcome.FAILED, "d": Outcome.NOTHING}
    function = load("webhook_delivery", deliver=SimpleNamespace(run=lambda order: outcomes[order.delivery_id]))
    function.handle(event(*outcomes))
    [line] = [json.loads(one) for one in capsys.readouterr().out.splitlines() if "WebhooksDelivered" in one]
    assert (line["WebhooksDelivered"], line["WebhookAttemptsFailed"]) == ([1.0], [2.0])
