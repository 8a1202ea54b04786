"""Deliveries: attempts, pauses, and what they say of the receiver."""

from datetime import timedelta
from itertools import pairwise

import pytest

from flareflow.errors import RaceLostError, StorageUnavailableError
from flareflow.webhooks.delivering import Outcome
from flareflow.webhooks.models import (
    ATTEMPT_PAUSES,
    ATTEMPTS_KEPT,
    ATTEMPTS_MAX,
    Answered,
    DeliveryState,
    EventType,
    WebhookState,
)
from flareflow.webhooks.requests import WebhookChange
from tests.fakes.accounts import ALICE
from tests.fakes.webhooks import DOWN, OK
from tests.unit.webhooks.office import URL, Office

DAY = timedelta(days=1)


@pytest.fixture
def office() -> Office:
    return Office()


def test_an_attempt_that_succeeds_ends_the_delivery(office: Office) -> None:
    # Given a receiver that takes what it is sent
    created = office.webhook(EventType.STANDING_CHANGED)
    office.happens(office.standing("exiting"))
    # When the order is carried out
    assert office.carry_out() == [Outcome.DELIVERED]
    # Then the delivery shows it, and nothing more is ordered
    [delivery] = office.delivered(created)
    assert (delivery.state, delivery.next_attempt_at) == (DeliveryState.DELIVERED, None)
    assert [(one.status, one.milliseconds, one.error) for one in delivery.attempts] == [(200, 12, None)]
    assert office.wait(2 * DAY) == []


def test_a_receiver_that_fails_is_asked_again_after_growing_pauses_for_a_day_and_no_longer(office: Office) -> None:
    # Given a receiver that is down
    created = office.webhook(EventType.STANDING_CHANGED)
    office.receivers.answers[URL] = DOWN
    began = office.clock()
    office.happens(office.standing("exiting"))
    # When two days pass
    outcomes = office.carry_out() + office.wait(timedelta(minutes=2), timedelta(seconds=5)) + office.wait(2 * DAY)
    # Then each attempt is after the pause that follows the one before, and the last one a day after the first
    assert [one for one in outcomes if one is not Outcome.NOTHING] == [Outcome.RETRIED] * 7 + [Outcome.FAILED]
    [delivery] = office.delivered(created)
    assert (delivery.state, len(delivery.attempts)) == (DeliveryState.FAILED, ATTEMPTS_MAX)
    times = [one.at for one in delivery.attempts]
    paused = [later - earlier for earlier, later in pairwise(times)]
    assert all(
        pause <= waited < pause + timedelta(minutes=1) for pause, waited in zip(ATTEMPT_PAUSES, paused, strict=True)
    )
    assert DAY <= times[-1] - began < 1.1 * DAY
    assert {one.error for one in delivery.attempts} == {"The receiver answered 500."}


def test_a_receiver_that_comes_back_gets_the_same_message(office: Office) -> None:
    office.webhook(EventType.STANDING_CHANGED)
    office.receivers.answers[URL] = DOWN
    office.happens(office.standing("exiting"))
    office.carry_out()
    # When it comes back
    office.receivers.answers[URL] = OK
    office.wait(timedelta(seconds=5), timedelta(seconds=5))
    # Then id and body are as before, and the signature is of the new time
    (_, first, body), (_, second, again) = office.receivers.posted
    assert body == again
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 5


def test_an_order_that_comes_twice_is_carried_out_once(office: Office) -> None:
    office.webhook(EventType.STANDING_CHANGED)
    office.happens(office.standing("exiting"))
    [(_, order)] = office.queue.waiting
    outcomes = [office.deliver.run(order), office.deliver.run(order)]
    assert outcomes == [Outcome.DELIVERED, Outcome.NOTHING]
    assert len(office.receivers.posted) == 1


def test_an_order_that_comes_twice_at_once_makes_one_chain_of_retries(office: Office) -> None:
    # Given a receiver that is down, and the same order carried out again while it is asked
    created = office.webhook(EventType.STANDING_CHANGED)
    office.receivers.answers[URL] = DOWN
    office.happens(office.standing("exiting"))
    [(_, order)] = office.queue.waiting
    office.queue.waiting.clear()

    def meanwhile() -> None:
        office.receivers.while_asked = lambda: None
        office.deliver.run(order)

    office.receivers.while_asked = meanwhile
    # When the first one ends, Then its attempt is not recorded, and of the orders that follow one counts
    with pytest.raises(RaceLostError):
        office.deliver.run(order)
    outcomes = office.wait(timedelta(seconds=5), timedelta(seconds=5))
    assert sorted(one.name for one in outcomes) == ["NOTHING", "RETRIED"]
    assert len(office.delivered(created)[0].attempts) == 2


def test_a_crash_before_an_attempt_is_recorded_loses_no_retry(office: Office) -> None:
    # Given a function that ends after it has ordered the next attempt, and before it has recorded this one
    created = office.webhook(EventType.STANDING_CHANGED)
    office.receivers.answers[URL] = DOWN
    office.happens(office.standing("exiting"))
    [(_, order)] = office.queue.waiting
    office.queue.waiting.clear()
    [before] = office.delivered(created)
    office.deliver.run(order)
    office.deliveries.deliveries[before.webhook_id, before.delivery_id] = before
    # When the next order comes first, Then it waits for the one before
    office.clock.advance(timedelta(seconds=5))
    [(_, following)] = office.queue.waiting
    with pytest.raises(RaceLostError):
        office.deliver.run(following)
    # And when that has come again, the delivery goes on
    assert office.deliver.run(order) is Outcome.RETRIED
    office.receivers.answers[URL] = OK
    assert Outcome.DELIVERED in office.wait(timedelta(minutes=1), timedelta(seconds=5))


def test_an_order_that_the_queue_does_not_take_records_nothing(office: Office) -> None:
    created = office.webhook(EventType.STANDING_CHANGED)
    office.receivers.answers[URL] = DOWN
    office.happens(office.standing("exiting"))
    [(_, order)] = office.queue.waiting
    office.queue.is_down = True
    with pytest.raises(StorageUnavailableError):
        office.deliver.run(order)
    assert office.delivered(created)[0].attempts == ()


def test_one_receiver_that_is_down_delays_no_other(office: Office) -> None:
    down, up = "https://down.example.com/", "https://up.example.com/"
    office.webhook(url=down)
    created = office.webhook(EventType.STANDING_CHANGED, url=up)
    office.receivers.answers[down] = DOWN
    office.happens(office.standing("exiting"))
    office.carry_out()
    assert [one.state for one in office.delivered(created)] == [DeliveryState.DELIVERED]


def test_what_is_on_its_way_to_a_webhook_that_was_deleted_is_not_sent(office: Office) -> None:
    created = office.webhook()
    office.happens(office.standing("exiting"))
    office.delete.run(ALICE, created.webhook.webhook_id)
    assert office.carry_out() == [Outcome.NOTHING]
    assert office.receivers.posted == []


def test_what_is_on_its_way_to_a_webhook_that_is_disabled_fails_without_being_sent(office: Office) -> None:
    created = office.webhook()
    office.happens(office.standing("exiting"))
    office.change.run(ALICE, created.webhook.webhook_id, WebhookChange(enabled=False))
    assert office.carry_out() == [Outcome.FAILED]
    assert office.receivers.posted == []
    [delivery] = office.delivered(created)
    assert [one.error for one in delivery.attempts] == ["The webhook is disabled."]


def test_a_receiver_that_is_gone_disables_its_webhook_at_once(office: Office) -> None:
    created = office.webhook()
    office.receivers.answers[URL] = Answered(5, 410, "The receiver answered 410.")
    office.happens(office.standing("exiting"))
    assert office.carry_out() == [Outcome.FAILED]
    assert office.read.one(ALICE, created.webhook.webhook_id).state is WebhookState.GONE


def test_a_webhook_of_which_every_delivery_fails_for_five_days_is_disabled(office: Office) -> None:
    created = office.webhook(EventType.STANDING_CHANGED)
    office.receivers.answers[URL] = DOWN
    states = []
    for _ in range(6):
        office.happens(office.standing("exiting"))
        office.carry_out()
        states.append(office.read.one(ALICE, created.webhook.webhook_id).state)
        office.clock.advance(DAY)
    assert states == [WebhookState.ENABLED] * 5 + [WebhookState.FAILING]


def test_one_success_begins_the_five_days_anew(office: Office) -> None:
    created = office.webhook(EventType.STANDING_CHANGED)
    for answer in (DOWN, DOWN, DOWN, OK, DOWN, DOWN, DOWN):
        office.receivers.answers[URL] = answer
        office.happens(office.standing("exiting"))
        [(_, order)] = office.queue.waiting
        office.deliver.run(order)
        office.queue.waiting.clear()
        office.clock.advance(2 * DAY)
    webhook = office.read.one(ALICE, created.webhook.webhook_id)
    assert webhook.state is WebhookState.ENABLED
    assert webhook.failing_since == office.clock() - 6 * DAY


def test_another_url_begins_the_five_days_anew(office: Office) -> None:
    # Given a webhook whose receiver has failed for more than four days
    created = office.webhook(EventType.STANDING_CHANGED)
    office.receivers.answers |= {URL: DOWN, f"{URL}/moved": DOWN}
    webhook_id = created.webhook.webhook_id
    office.happens(office.standing("exiting"))
    office.carry_out()
    office.clock.advance(4 * DAY + timedelta(hours=1))
    # When it is sent elsewhere, and that fails once a day later
    office.change.run(ALICE, webhook_id, WebhookChange(url=f"{URL}/moved"))
    office.clock.advance(DAY)
    office.happens(office.standing("exiting"))
    office.carry_out()
    # Then the new receiver has its own five days
    webhook = office.read.one(ALICE, webhook_id)
    assert (webhook.state, webhook.failing_since) == (WebhookState.ENABLED, office.clock())


def test_a_webhook_that_is_enabled_again_begins_anew(office: Office) -> None:
    created = office.webhook()
    webhook_id = created.webhook.webhook_id
    office.receivers.answers[URL] = Answered(5, 410, "The receiver answered 410.")
    office.happens(office.standing("exiting"))
    office.carry_out()
    enabled = office.change.run(ALICE, webhook_id, WebhookChange(enabled=True))
    assert (enabled.state, enabled.failing_since) == (WebhookState.ENABLED, None)
    assert office.read.one(ALICE, webhook_id) == enabled


def test_a_replay_begins_with_the_first_pause_and_keeps_what_was_attempted(office: Office) -> None:
    # Given a delivery that has failed
    created = office.webhook(EventType.STANDING_CHANGED)
    office.receivers.answers[URL] = DOWN
    office.happens(office.standing("exiting"))
    office.carry_out()
    office.wait(2 * DAY)
    [failed] = office.delivered(created)
    # When its owner asks for it again, twice
    for _ in range(2):
        office.replay.run(ALICE, failed.webhook_id, failed.delivery_id)
    # Then it is attempted as often as at first, with the same id, and the newest attempts are kept
    assert Outcome.RETRIED in office.carry_out()
    office.wait(2 * DAY)
    [again] = office.delivered(created)
    assert (again.state, again.tries) == (DeliveryState.FAILED, ATTEMPTS_MAX)
    assert len(again.attempts) == 2 * ATTEMPTS_MAX <= ATTEMPTS_KEPT
    assert len({headers["webhook-id"] for _, headers, _ in office.receivers.posted}) == 1


@pytest.mark.parametrize("answer", [DOWN, Answered(5, 410, "The receiver answered 410.")], ids=["down", "gone"])
def test_a_test_is_sent_once_and_says_nothing_of_how_the_receiver_fails(office: Office, answer: Answered) -> None:
    created = office.webhook()
    office.receivers.answers[URL] = answer
    office.try_webhook.run(ALICE, "try-it-now", created.webhook.webhook_id)
    assert office.carry_out() == [Outcome.FAILED]
    assert office.wait(2 * DAY) == []
    [delivery] = office.delivered(created)
    assert (delivery.type, len(delivery.attempts)) == (EventType.WEBHOOK_TEST, 1)
    webhook = office.read.one(ALICE, created.webhook.webhook_id)
    assert (webhook.state, webhook.failing_since) == (WebhookState.ENABLED, None)
