"""`Webhooks`, `Claims` and `Deliveries`, fake and DynamoDB alike."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from flareflow.adapters.dynamodb.webhooks import DynamoClaims, DynamoDeliveries, DynamoWebhooks
from flareflow.errors import InvalidRequestError, RaceLostError
from flareflow.webhooks.models import Attempt, Delivery, EventType, Webhook, WebhookState
from flareflow.webhooks.ports import Claim, Claims, Deliveries, Webhooks
from tests.fakes.accounts import ALICE, BOB
from tests.fakes.webhooks import FakeClaims, FakeDeliveries, FakeWebhooks
from tests.support.dynamodb import fresh_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
EVERYTHING = (EventType.STANDING_CHANGED, EventType.BALANCE_LOW, EventType.EPOCH_SETTLED)


@pytest.fixture
def table(server: None) -> Iterator["Table"]:
    with fresh_table("WebhooksTable") as empty:
        yield empty


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def webhooks(request: pytest.FixtureRequest) -> Webhooks:
    return FakeWebhooks() if request.param == "fake" else DynamoWebhooks(request.getfixturevalue("table"))


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def deliveries(request: pytest.FixtureRequest) -> Deliveries:
    return FakeDeliveries() if request.param == "fake" else DynamoDeliveries(request.getfixturevalue("table"))


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def claims(request: pytest.FixtureRequest) -> Claims:
    return FakeClaims() if request.param == "fake" else DynamoClaims(request.getfixturevalue("table"))


def webhook(number: int, subscription_id: int = 7, owner: str = ALICE) -> Webhook:
    created_at = NOW + timedelta(seconds=number)
    name = f"wh_{subscription_id}_{number:024x}"
    return Webhook(name, owner, subscription_id, "https://hooks.example.com/", EVERYTHING, created_at)


def delivery(number: int, webhook_id: str = "wh_7_1") -> Delivery:
    return Delivery(webhook_id, f"evt_{number:032x}", EventType.BALANCE_LOW, NOW, '{"id":"ä"}', NOW)


def test_a_webhook_is_found_by_its_account_alone(webhooks: Webhooks) -> None:
    webhooks.add(webhook(1))
    assert webhooks.find(ALICE, webhook(1).webhook_id) == webhook(1)
    for owner, name in ((BOB, webhook(1).webhook_id), (ALICE, webhook(2).webhook_id), (ALICE, "../../etc#passwd")):
        assert webhooks.find(owner, name) is None


def test_a_webhook_that_is_there_is_not_stored_again(webhooks: Webhooks) -> None:
    webhooks.add(webhook(1))
    webhooks.add(replace(webhook(1), url="https://other.example.com/"))
    assert webhooks.find(ALICE, webhook(1).webhook_id) == webhook(1)


def test_the_webhooks_of_a_subscription_are_those_of_the_account_for_it(webhooks: Webhooks) -> None:
    mine = [webhook(2), webhook(1)]
    for one in (*mine, webhook(3, subscription_id=70), webhook(4, owner=BOB)):
        webhooks.add(one)
    assert list(webhooks.of_subscription(ALICE, 7)) == [webhook(1), webhook(2)]
    assert list(webhooks.of_account(ALICE, None).items) == [
        *sorted(mine, key=lambda one: one.webhook_id),
        webhook(3, 70),
    ]


def test_a_change_stores_the_fields_that_it_names_and_no_others(webhooks: Webhooks) -> None:
    webhooks.add(webhook(1))
    after = replace(webhook(1), state=WebhookState.GONE, failing_since=NOW, url="https://other.example.com/")
    assert webhooks.change(after, "state", "failing_since")
    assert webhooks.find(ALICE, after.webhook_id) == replace(webhook(1), state=WebhookState.GONE, failing_since=NOW)
    assert webhooks.change(replace(after, failing_since=None), "failing_since")
    assert webhooks.find(ALICE, after.webhook_id) == replace(webhook(1), state=WebhookState.GONE)


def test_a_webhook_that_was_removed_is_not_changed(webhooks: Webhooks) -> None:
    webhooks.add(webhook(1))
    for _ in range(2):
        webhooks.remove(webhook(1))
    assert not webhooks.change(webhook(1), "url")
    assert webhooks.find(ALICE, webhook(1).webhook_id) is None


def test_a_delivery_is_stored_once_and_replaced_by_the_next_version(deliveries: Deliveries) -> None:
    deliveries.add(delivery(1))
    deliveries.add(replace(delivery(1), body="{}"))
    assert deliveries.find("wh_7_1", delivery(1).delivery_id) == delivery(1)
    failed = Attempt(NOW, 34, error="The receiver refused the connection.")
    after = delivery(1).after(failed, may_be_retried=True).after(Attempt(NOW, 12, 200), may_be_retried=True)
    for wrong in (replace(after, version=1), replace(after, version=3), replace(after, version=4)):
        with pytest.raises(RaceLostError):
            deliveries.replace(wrong)
    deliveries.replace(replace(after, version=2))
    assert deliveries.find("wh_7_1", delivery(1).delivery_id) == replace(after, version=2)


def test_one_of_two_that_replace_at_once_loses(deliveries: Deliveries) -> None:
    deliveries.add(delivery(1))
    after = delivery(1).after(Attempt(NOW, 12, 200), may_be_retried=True)

    def replaces(_: int) -> bool:
        try:
            deliveries.replace(after)
        except RaceLostError:
            return False
        return True

    with ThreadPoolExecutor(1 if isinstance(deliveries, FakeDeliveries) else 4) as pool:
        assert sorted(pool.map(replaces, range(4))) == [False, False, False, True]


def test_what_was_never_stored_is_not_replaced(deliveries: Deliveries) -> None:
    with pytest.raises(RaceLostError):
        deliveries.replace(replace(delivery(1), version=2))
    assert deliveries.find("wh_7_1", delivery(1).delivery_id) is None


def test_deliveries_are_listed_newest_first_for_each_webhook(deliveries: Deliveries) -> None:
    for number in (2, 3, 1):
        deliveries.add(delivery(number))
    deliveries.add(delivery(4, "wh_7_2"))
    assert list(deliveries.of("wh_7_1", None).items) == [delivery(3), delivery(2), delivery(1)]
    assert deliveries.of("wh_7_3", None).items == []


def test_a_claim_is_that_of_the_first_request(claims: Claims) -> None:
    first, second = (Claim(ALICE, "request-1", "hash", made) for made in ("one", "two"))
    assert claims.claim(first, NOW) == first
    assert claims.claim(second, NOW) == first
    assert claims.claim(replace(second, owner=BOB), NOW).made == "two"
    assert claims.claim(replace(second, idempotency_key="request-2"), NOW).made == "two"


@pytest.mark.stack
def test_a_claim_counts_for_a_day(table: "Table") -> None:
    claims = DynamoClaims(table)
    claims.claim(Claim(ALICE, "request-1", "hash", "one"), NOW)
    assert claims.claim(Claim(ALICE, "request-1", "hash", "two"), NOW + timedelta(hours=23)).made == "one"
    assert claims.claim(Claim(ALICE, "request-1", "hash", "two"), NOW + timedelta(days=1)).made == "two"


@pytest.mark.stack
def test_a_list_goes_on_from_its_cursor_and_no_cursor_leads_into_another_list(table: "Table") -> None:
    deliveries, webhooks = DynamoDeliveries(table), DynamoWebhooks(table)
    for number in range(25):
        deliveries.add(delivery(number))
    first = deliveries.of("wh_7_1", None)
    rest = deliveries.of("wh_7_1", first.next_cursor)
    assert [*first.items, *rest.items] == [delivery(number) for number in reversed(range(25))]
    assert rest.next_cursor is None
    webhooks.add(webhook(1))
    DynamoClaims(table).claim(Claim(ALICE, "request-1", "hash", "one"), NOW)
    assert list(webhooks.of_account(ALICE, "0").items) == [webhook(1)]
    with pytest.raises(InvalidRequestError):
        webhooks.of_account(ALICE, "a b")


@pytest.mark.stack
def test_nothing_that_is_stored_is_a_secret(table: "Table") -> None:
    DynamoWebhooks(table).add(webhook(1))
    [item] = table.scan()["Items"]
    assert not [name for name in item if "secret" in name and name not in {"secret_number", "old_secret_until"}]
