"""An entry of a batch fails alone as often as ordered, and only then."""

import json

import pytest

from infra.local.aws.gateway.sqs_orders import SEND_BATCH, Orders, SqsOrders


def batch(*ids: str) -> bytes:
    return json.dumps({"QueueUrl": "q", "Entries": [{"Id": name, "MessageBody": "{}"} for name in ids]}).encode()


def test_the_last_entry_of_a_batch_fails_alone() -> None:
    # Given an order for one batch
    orders = SqsOrders(Orders(fail_entries=1))
    # When a batch is sent
    partial = orders.partial_send(SEND_BATCH, batch("a", "b", "c"))
    # Then the queue gets all but the last entry, and the answer says which one it did not take
    assert partial is not None
    assert partial.done == batch("a", "b")
    answer = json.loads(partial.answer(b'{"Successful": [{"Id": "a"}, {"Id": "b"}]}'))
    assert [entry["Id"] for entry in answer["Successful"]] == ["a", "b"]
    assert [(entry["Id"], entry["SenderFault"]) for entry in answer["Failed"]] == [("c", False)]
    # And the next batch is sent whole
    assert orders.partial_send(SEND_BATCH, batch("c", "d")) is None


@pytest.mark.parametrize(("target", "body"), [(SEND_BATCH, batch("a")), ("AmazonSQS.SendMessage", b"{}")])
def test_a_single_message_is_sent_whole_and_the_order_is_left(target: str, body: bytes) -> None:
    orders = SqsOrders(Orders(fail_entries=1))
    assert orders.partial_send(target, body) is None
    assert orders.left.fail_entries == 1


def test_nothing_fails_without_an_order() -> None:
    assert SqsOrders().partial_send(SEND_BATCH, batch("a", "b")) is None
    assert SqsOrders().delivers_again() is False
