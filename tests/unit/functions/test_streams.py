"""The functions behind the streams of UsageTable and LedgerTable."""

import json
import threading
import time
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from flareflow.errors import StorageUnavailableError
from flareflow.realtime.changes import Change, UsageChanged
from tests.support.functions import Load, sample


def test_changed_totals_in_the_stream_are_pushed(load: Load) -> None:
    # Given the sample event, a recorded call of subscription 7
    pushed: dict[int, Sequence[Change]] = {}
    function = load("pending_push", push=SimpleNamespace(run=pushed.__setitem__))
    # When it is handled
    assert function.handle(sample("pending_push")) == {"batchItemFailures": []}
    # Then it is pushed as a change of usage
    [change] = pushed[7]
    assert isinstance(change, UsageChanged)
    assert (change.subscription_id, change.totals.unconfirmed.rated_microtokens) == (7, 45_000_000)
    assert [record.call.model for record in change.calls] == ["gpt-4o"]


def test_what_tells_several_subscriptions_at_once_is_not_made_by_several_at_once(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a batch with an event of each of several subscriptions, and a function that has told nobody yet
    function, numbers, told = load("pending_push"), iter(range(5)), set[int]()
    pushed_by: list[threading.Thread] = []
    alone = threading.Lock()

    def push() -> SimpleNamespace:
        pushed_by.append(threading.current_thread())
        return SimpleNamespace(run=lambda *_: None)

    def announce() -> SimpleNamespace:
        assert alone.acquire(blocking=False), "it is made by two at once"
        time.sleep(0.02)
        alone.release()
        return SimpleNamespace(run=lambda subscription_id, _: told.add(subscription_id))

    monkeypatch.setattr(function.module, "decode", lambda _: [SimpleNamespace(subscription_id=next(numbers))])
    monkeypatch.setattr(function.module, "happenings", lambda changes: changes)
    monkeypatch.setattr(function.module, "push", push)
    monkeypatch.setattr(function.module, "announce", announce)
    # When it is handled
    [record] = sample("pending_push")["Records"]
    assert function.handle({"Records": [record] * 5}) == {"batchItemFailures": []}
    # Then the handler has made what pushes, and one after the other asked for what announces
    assert pushed_by == [threading.current_thread()]
    assert told == {0, 1, 2, 3, 4}


def test_a_subscription_whose_funds_changed_twice_in_a_batch_is_enforced_once(load: Load) -> None:
    # Given the sample event twice in one batch
    enforced: list[int] = []
    function = load("enforcement", enforce=SimpleNamespace(run=enforced.append))
    [record] = sample("enforcement")["Records"]
    # When it is handled
    assert function.handle({"Records": [record, record]}) == {"batchItemFailures": []}
    # Then its subscription is enforced once, and again by the next batch
    assert enforced == [7]
    function.handle({"Records": [record]})
    assert enforced == [7, 7]


@pytest.mark.parametrize(("name", "use_case"), [("pending_push", "push"), ("enforcement", "enforce")])
def test_a_record_that_failed_is_reported(load: Load, name: str, use_case: str) -> None:
    def fail(*_: object) -> None:
        raise StorageUnavailableError("told to be down")

    event = sample(name)
    [record] = event["Records"]
    answer = load(name, **{use_case: SimpleNamespace(run=fail)}).handle(event)
    assert answer == {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}


@pytest.mark.parametrize(("name", "use_case"), [("pending_push", "push"), ("enforcement", "enforce")])
@pytest.mark.parametrize("works", [True, False])
def test_records_that_were_given_up_are_driven_again_by_a_queue(
    load: Load, name: str, use_case: str, works: bool
) -> None:
    # Given a message about the sample's record, which had failed at every attempt
    [record] = sample(name)["Records"]
    number = record["dynamodb"]["SequenceNumber"]
    place = {"streamArn": "arn:stream", "shardId": "shard", "startSequenceNumber": number, "endSequenceNumber": number}
    message = {"messageId": "m-1", "body": json.dumps({"DDBStreamBatchInfo": place}), "eventSource": "aws:sqs"}
    handled: list[object] = []

    def handle(*change: object) -> None:
        if not works:
            raise StorageUnavailableError("told to be down")
        handled.append(change)

    reading = SimpleNamespace(read=lambda *asked: [record] if asked[:2] == ("arn:stream", "shard") else [])
    roots = {use_case: SimpleNamespace(run=handle), "failed_records": reading}
    # When the queue delivers it
    answer = load(name, **roots).handle({"Records": [message | {"attributes": {}, "messageAttributes": {}}]})
    # Then the record is handled, or the queue delivers the message again
    assert (len(handled), answer["batchItemFailures"]) == ((1, []) if works else (0, [{"itemIdentifier": "m-1"}]))
