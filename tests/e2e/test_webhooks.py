"""Webhooks on the whole local stack: a receiver that fails once is told all that happens to a subscription."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

import pytest

from infra.local.demo import job
from infra.local.demo.api import Api, ApiError
from infra.local.demo.customer import Subscriber
from infra.local.demo.run import Stack
from infra.local.launch import Facts
from infra.waiting import until
from tests.benchmarks.credit import BODY, DEPOSIT_UFIX64
from tests.support.model_calls import answer_of
from tests.support.receivers import Received, receiving
from tests.support.shown_programs import shown_program

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

EVENTS: Final = ["standing.changed", "balance.low", "epoch.settled"]
TEST: Final = "webhook.test"


@dataclass(frozen=True)
class Hook:
    """A webhook of the subscription, as its owner uses the API."""

    api: Api
    webhook_id: str
    secret: str = field(repr=False)

    @classmethod
    def set(cls, api: Api, subscription_id: int, url: str) -> "Hook":
        wish = {"subscription_id": subscription_id, "url": url, "events": EVENTS}
        made = api.post("/v1/webhooks", wish, {"idempotency-key": str(uuid.uuid4())})
        return cls(api, made["webhook"]["webhook_id"], made["secret"])

    def deliveries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.get(f"/v1/webhooks/{self.webhook_id}/deliveries")["items"]
        return found

    def post(self, path: str) -> Any:
        headers = {"idempotency-key": str(uuid.uuid4())}
        return self.api.post(f"/v1/webhooks/{self.webhook_id}/{path}", {}, headers)


def test_a_receiver_is_told_of_a_subscription_from_a_test_to_its_settlement(running: Facts) -> None:
    def status(number: int) -> int:
        """Of the answer to a request: the first one that is no test is refused."""
        *before, last = map(type_of, receiver.received[: number + 1])
        return 500 if last != TEST and set(before) <= {TEST} else 200

    with receiving(status) as receiver, Stack.of(running) as stack:
        # Given a customer whose receiver takes a test, and refuses the first other message
        subscriber = Subscriber.open(stack.flow, DEPOSIT_UFIX64)
        with job.signed_in(stack, subscriber) as api:
            secret, _ = subscriber.make_key(api)
            hook = Hook.set(api, subscriber.subscription_id, receiver.url)
            tried = hook.post("tests")
            waited(lambda: state_of(hook, tried["delivery_id"]) == "delivered")
            # When the deposit is used up, and what was used is settled
            waited(lambda: not answer_of(running, secret, BODY).is_success and types(receiver.received) >= {*EVENTS})
            delivered = waited(lambda: all_delivered(hook))
            # Then each message is signed, and the one that was refused has come again as it was
            told = list(receiver.received)
            assert all(is_signed(hook.secret, one) for one in told)
            refused = next(one for one in told if type_of(one) != TEST)
            sent = of(refused.headers["webhook-id"], told)
            assert [one.body for one in sent] == [refused.body] * 2
            # And the owner sees it
            [retried] = [one for one in delivered if one["delivery_id"] == refused.headers["webhook-id"]]
            assert [one["status"] for one in retried["attempts"]] == ["500", "200"]
            ids = [one["delivery_id"] for one in delivered]
            assert ids == sorted(ids, reverse=True)
            # And what was delivered can be sent again, with the same id
            hook.post(f"deliveries/{tried['delivery_id']}/replays")
            tests = waited(lambda: tests if len(tests := of(tried["delivery_id"], receiver.received)) > 1 else [])
            assert [type_of(one) for one in tests] == [TEST] * 2
        assert_is_nobody_elses(stack, hook)


def assert_is_nobody_elses(stack: Stack, hook: Hook) -> None:
    """Another customer neither sees the webhook nor sends with it."""
    stranger = Subscriber.open(stack.flow, DEPOSIT_UFIX64)
    with job.signed_in(stack, stranger) as api:
        assert api.get("/v1/webhooks")["items"] == []
        with pytest.raises(ApiError, match="webhook_not_found"):
            Hook(api, hook.webhook_id, "").post("tests")


def type_of(received: Received) -> str:
    return str(json.loads(received.body)["type"])


def types(received: list[Received]) -> set[str]:
    return set(map(type_of, received))


def of(delivery_id: str, received: list[Received]) -> list[Received]:
    """The requests of a delivery."""
    return [one for one in received if one.headers["webhook-id"] == delivery_id]


def state_of(hook: Hook, delivery_id: str) -> str:
    [state] = [one["state"] for one in hook.deliveries() if one["delivery_id"] == delivery_id]
    return str(state)


def all_delivered(hook: Hook) -> list[dict[str, Any]]:
    """All deliveries, once none is under way; empty before."""
    deliveries = hook.deliveries()
    return deliveries if {one["state"] for one in deliveries} == {"delivered"} else []


def waited[T](what: Callable[[], T]) -> T:
    """What comes of it, once there is something."""
    return until(lambda: what() or None, job.WAIT_SECONDS_MAX)


def is_signed(secret: str, received: Received) -> bool:
    """Whether the program of docs/webhooks.md, which customers copy, takes a message at the moment of its attempt."""
    defined = shown_program("webhooks.md")
    sent_at = float(received.headers["webhook-timestamp"])
    defined["time"] = SimpleNamespace(time=lambda: sent_at)
    return bool(defined["is_from_flareflow"](secret, received.headers, received.body))
