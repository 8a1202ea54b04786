"""Setting webhooks, and sending again."""

import json
from datetime import timedelta

import pytest
from pydantic import ValidationError

from flareflow.errors import ConflictError, InvalidRequestError, NotFoundError, StorageUnavailableError
from flareflow.webhooks.managing import WEBHOOKS_MAX
from flareflow.webhooks.models import DeliveryState, EventType
from flareflow.webhooks.requests import WebhookChange, WebhookRequest
from tests.fakes.accounts import ALICE, BOB
from tests.unit.webhooks.office import BOBS, EVERYTHING, SUBSCRIPTION, URL, Office

REQUEST = WebhookRequest(subscription_id=SUBSCRIPTION, url=URL, events=EVERYTHING)


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_new_webhook_is_enabled_and_listed_without_its_secret(office: Office) -> None:
    created = office.create.run(ALICE, "request-1", REQUEST)
    assert created.secret.startswith("whsec_")
    assert list(office.read.all(ALICE, None).items) == [created.webhook]
    assert created.webhook.is_enabled
    assert created.secret not in repr(created)
    assert created.secret not in repr(office.webhooks.webhooks)


def test_a_request_that_is_repeated_makes_one_webhook_and_shows_one_secret(office: Office) -> None:
    office.create.run(ALICE, "request-1", REQUEST)
    with pytest.raises(ConflictError) as repeated:
        office.create.run(ALICE, "request-1", REQUEST)
    assert repeated.value.code == "webhook_secret_shown"
    assert len(office.webhooks.webhooks) == 1


def test_a_request_that_crashed_after_its_claim_is_carried_out_by_its_repetition(office: Office) -> None:
    # Given a claim without a webhook
    created = office.create.run(ALICE, "request-1", REQUEST)
    office.webhooks.webhooks.clear()
    # When the request is repeated, Then it makes the webhook that was claimed
    assert office.create.run(ALICE, "request-1", REQUEST).webhook.webhook_id == created.webhook.webhook_id


def test_an_idempotency_key_is_for_one_request(office: Office) -> None:
    office.create.run(ALICE, "request-1", REQUEST)
    with pytest.raises(ConflictError) as other:
        office.create.run(ALICE, "request-1", REQUEST.model_copy(update={"url": f"{URL}/other"}))
    assert other.value.code == "idempotency_key_reused"


def test_a_subscription_has_a_limited_number_of_webhooks(office: Office) -> None:
    for _ in range(WEBHOOKS_MAX):
        office.webhook()
    with pytest.raises(ConflictError) as one_more:
        office.webhook()
    assert one_more.value.code == "too_many_webhooks"
    assert len(office.webhooks.webhooks) == WEBHOOKS_MAX


def test_a_webhook_is_for_ones_own_subscription(office: Office) -> None:
    for subscription_id in (BOBS, 99):
        with pytest.raises(NotFoundError) as refused:
            request = REQUEST.model_copy(update={"subscription_id": subscription_id})
            office.create.run(ALICE, f"request-{subscription_id}", request)
        assert refused.value.code == "subscription_not_found"


def test_a_webhook_of_somebody_else_does_not_exist(office: Office) -> None:
    webhook_id = office.webhook().webhook.webhook_id
    office.happens(office.standing("exiting"))
    [delivery] = office.list.run(ALICE, webhook_id, None).items
    for ask in (
        lambda: office.read.one(BOB, webhook_id),
        lambda: office.change.run(BOB, webhook_id, WebhookChange(enabled=False)),
        lambda: office.delete.run(BOB, webhook_id),
        lambda: office.rotate.run(BOB, "request-1", webhook_id),
        lambda: office.try_webhook.run(BOB, "request-2", webhook_id),
        lambda: office.list.run(BOB, webhook_id, None),
        lambda: office.replay.run(BOB, webhook_id, delivery.delivery_id),
    ):
        with pytest.raises(NotFoundError) as refused:
            ask()
        assert refused.value.code == "webhook_not_found"
    assert office.read.all(BOB, None).items == []
    assert office.read.one(ALICE, webhook_id).is_enabled


def test_a_change_changes_what_it_names(office: Office) -> None:
    webhook = office.webhook().webhook
    elsewhere = "https://other.example.com/hooks"
    office.change.run(ALICE, webhook.webhook_id, WebhookChange(url=elsewhere))
    changed = office.change.run(ALICE, webhook.webhook_id, WebhookChange(events=(EventType.BALANCE_LOW,)))
    assert (changed.url, changed.events, changed.is_enabled) == (elsewhere, (EventType.BALANCE_LOW,), True)
    assert office.read.one(ALICE, webhook.webhook_id) == changed


def test_a_webhook_cannot_be_moved_to_a_private_address(office: Office) -> None:
    webhook = office.webhook().webhook
    with pytest.raises(InvalidRequestError) as refused:
        office.change.run(ALICE, webhook.webhook_id, WebhookChange(url="https://127.0.0.1/"))
    assert refused.value.code == "invalid_webhook_url"
    assert office.read.one(ALICE, webhook.webhook_id) == webhook


@pytest.mark.parametrize(
    "body",
    [
        {"subscription_id": "7", "url": URL, "events": []},
        {"subscription_id": "7", "url": URL, "events": ["webhook.test"]},
        {"subscription_id": "7", "url": URL, "events": ["balance.low", "balance.low"]},
        {"subscription_id": "7", "url": URL, "events": ["balance.low"], "owner": BOB},
        {"subscription_id": "7", "url": "", "events": ["balance.low"]},
    ],
)
def test_a_request_that_is_not_as_documented_is_refused(body: object) -> None:
    with pytest.raises(ValidationError):
        WebhookRequest.model_validate_json(json.dumps(body))


def test_a_rotated_secret_is_another_one_and_shown_once(office: Office) -> None:
    created = office.webhook()
    webhook_id = created.webhook.webhook_id
    rotated = office.rotate.run(ALICE, "rotate-1", webhook_id)
    assert rotated.secret != created.secret
    assert rotated.webhook.old_secret_until == office.clock() + timedelta(days=1)
    with pytest.raises(ConflictError) as repeated:
        office.rotate.run(ALICE, "rotate-1", webhook_id)
    assert repeated.value.code == "webhook_secret_shown"
    assert office.rotate.run(ALICE, "rotate-2", webhook_id).secret != rotated.secret


def test_a_test_that_is_repeated_is_sent_once(office: Office) -> None:
    created = office.webhook()
    tests = [office.try_webhook.run(ALICE, "try-it-now", created.webhook.webhook_id) for _ in range(2)]
    assert tests[0] == tests[1]
    office.carry_out()
    [(_, _, body)] = office.receivers.posted
    assert json.loads(body)["data"] == {"webhook_id": created.webhook.webhook_id}


def test_a_disabled_webhook_is_neither_tried_nor_sent_anything_again(office: Office) -> None:
    created = office.webhook()
    webhook_id = created.webhook.webhook_id
    office.happens(office.standing("exiting"))
    office.carry_out()
    [delivery] = office.delivered(created)
    office.change.run(ALICE, webhook_id, WebhookChange(enabled=False))
    with pytest.raises(ConflictError, match="enable it first"):
        office.try_webhook.run(ALICE, "try-it-now", webhook_id)
    with pytest.raises(ConflictError, match="enable it first"):
        office.replay.run(ALICE, webhook_id, delivery.delivery_id)


def test_a_delivery_that_is_under_way_is_not_sent_twice_by_a_replay(office: Office) -> None:
    created = office.webhook()
    office.happens(office.standing("exiting"))
    [pending] = office.delivered(created)
    assert office.replay.run(ALICE, pending.webhook_id, pending.delivery_id) == pending
    assert len(office.queue.waiting) == 1


def test_a_delivery_whose_order_was_lost_can_be_sent_again(office: Office) -> None:
    created = office.webhook()
    office.happens(office.standing("exiting"))
    office.queue.waiting.clear()
    [pending] = office.delivered(created)
    office.clock.advance(timedelta(minutes=31))
    office.replay.run(ALICE, pending.webhook_id, pending.delivery_id)
    office.carry_out()
    assert [one.state for one in office.delivered(created)] == [DeliveryState.DELIVERED]


def test_a_replay_that_the_queue_does_not_take_can_be_asked_for_again(office: Office) -> None:
    created = office.webhook()
    office.happens(office.standing("exiting"))
    office.carry_out()
    [delivered] = office.delivered(created)
    office.queue.is_down = True
    with pytest.raises(StorageUnavailableError):
        office.replay.run(ALICE, delivered.webhook_id, delivered.delivery_id)
    office.queue.is_down = False
    assert office.replay.run(ALICE, delivered.webhook_id, delivered.delivery_id).state is DeliveryState.PENDING


def test_what_was_never_delivered_cannot_be_sent_again(office: Office) -> None:
    created = office.webhook()
    with pytest.raises(NotFoundError) as refused:
        office.replay.run(ALICE, created.webhook.webhook_id, "evt_" + "0" * 32)
    assert refused.value.code == "delivery_not_found"
