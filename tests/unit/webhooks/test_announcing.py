"""What webhooks are told of."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from flareflow.errors import StorageUnavailableError
from flareflow.webhooks.models import EventType
from flareflow.webhooks.requests import WebhookChange
from infra.live_schema import render_webhooks
from tests.fakes.accounts import ALICE, BOB
from tests.unit.webhooks.office import SUBSCRIPTION, Office, subscription


@pytest.fixture
def office() -> Office:
    return Office()


def told(office: Office) -> list[dict[str, object]]:
    """The bodies of all messages that were sent."""
    office.carry_out()
    return [json.loads(body) for _, _, body in office.receivers.posted]


def test_a_change_of_standing_is_told_in_the_form_of_a_live_message(office: Office) -> None:
    # Given a webhook
    office.webhook(EventType.STANDING_CHANGED)
    # When the standing changes
    office.happens(office.standing("exiting"))
    # Then its receiver is told, with an id instead of a sequence number
    [message] = told(office)
    assert str(message.pop("id")).startswith("evt_")
    assert message == {
        "type": "standing.changed",
        "subscription_id": "7",
        "at": "2026-11-24T10:00:00.000000Z",
        "data": {"standing": "exiting", "version": "1"},
    }


def test_a_settlement_is_told_once_for_each_epoch(office: Office) -> None:
    office.webhook(EventType.EPOCH_SETTLED)
    office.happens(office.settled(11, before=10), office.settled(11, before=11), office.settled(12, before=11))
    assert [message["data"] for message in told(office)] == [
        {"epoch": epoch, "settled_microtokens": "90", "charged_ufix64": "0", "owed_ufix64": "0", "currency": "token"}
        for epoch in ("11", "12")
    ]


@pytest.mark.parametrize(
    ("before", "standing", "is_low"),
    [
        ("active", "warned", True),
        ("active", "overdrawn", True),
        (None, "warned", True),
        ("warned", "overdrawn", False),
        ("overdrawn", "warned", False),
        ("warned", "active", False),
        ("active", "capped", False),
    ],
)
def test_a_balance_is_low_when_it_becomes_warned_or_overdrawn(
    office: Office, before: str | None, standing: str, is_low: bool
) -> None:
    office.webhook(EventType.BALANCE_LOW)
    office.happens(office.standing(standing, before))
    messages = told(office)
    assert [message["type"] for message in messages] == (["balance.low"] if is_low else [])
    for message in messages:
        assert message["data"] == {
            "balance": {
                "status": "active",
                "balance_ufix64": "100",
                "charged_ufix64": "0",
                "owed_ufix64": "0",
                "currency": "token",
            },
            "standing": {"standing": standing, "version": "1"},
        }


def test_every_message_is_as_the_schema_says(office: Office) -> None:
    created = office.webhook()
    office.happens(office.standing("warned"), office.settled(11))
    office.try_webhook.run(ALICE, "try-it-now", created.webhook.webhook_id)
    schema, messages = json.loads(render_webhooks()), told(office)
    assert {message["type"] for message in messages} == set(EventType)
    for message in messages:
        Draft202012Validator(schema).validate(message)


def test_a_standing_that_is_as_before_is_no_event(office: Office) -> None:
    # Given a record of a standing whose owner alone has changed
    office.webhook()
    office.happens(office.standing("active", before="active"))
    assert told(office) == []


def test_each_webhook_is_told_of_the_events_that_it_wants(office: Office) -> None:
    # Given two webhooks for different events, and one that is disabled
    office.webhook(EventType.STANDING_CHANGED, url="https://a.example.com/")
    office.webhook(EventType.BALANCE_LOW, url="https://b.example.com/")
    disabled = office.webhook(url="https://c.example.com/").webhook
    office.change.run(ALICE, disabled.webhook_id, WebhookChange(enabled=False))
    # When the balance becomes low
    office.happens(office.standing("warned"))
    # Then each is told of its own
    messages = told(office)
    urls = [url for url, _, _ in office.receivers.posted]
    assert list(zip(urls, (one["type"] for one in messages), strict=True)) == [
        ("https://a.example.com/", "standing.changed"),
        ("https://b.example.com/", "balance.low"),
    ]


def test_an_event_that_is_announced_again_is_delivered_once(office: Office) -> None:
    # Given an event that was announced and delivered
    office.webhook()
    change = office.standing("exiting")
    office.happens(change)
    first = told(office)
    # When the stream delivers its record again, at another time
    office.clock.advance(timedelta(minutes=3))
    office.happens(change)
    # Then nothing more is sent
    assert told(office) == first


def test_an_event_has_the_same_id_for_each_receiver_and_another_than_any_other(office: Office) -> None:
    office.webhook(url="https://a.example.com/")
    office.webhook(url="https://b.example.com/")
    office.happens(office.standing("warned"), office.settled(11))
    ids = [message["id"] for message in told(office)]
    assert len(ids) == 6
    assert len(set(ids)) == 3


def test_a_subscription_without_webhooks_costs_one_read_for_each_event_and_nothing_else(office: Office) -> None:
    office.happens(office.standing("warned"))
    assert (office.webhooks.asked, office.queue.waiting, office.deliveries.deliveries) == (2, [], {})


def test_a_former_owner_is_told_nothing(office: Office) -> None:
    # Given a subscription that Alice had a webhook for, and that has moved to Bob
    office.webhook()
    office.ledger.subscriptions[SUBSCRIPTION] = subscription(BOB)
    # When its standing changes
    office.happens(replace(office.standing("exiting"), owner=BOB))
    # Then nobody is told
    assert told(office) == []


def test_an_event_that_the_queue_did_not_take_is_announced_again(office: Office) -> None:
    # Given a queue that was down at the first announcement
    office.webhook()
    change = office.standing("exiting")
    office.queue.is_down = True
    with pytest.raises(StorageUnavailableError):
        office.happens(change)
    # When the stream delivers the record again
    office.queue.is_down = False
    office.happens(change)
    # Then the receiver is told once
    assert len(told(office)) == 1
