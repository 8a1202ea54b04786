"""The routes of webhooks: their forms, and whose they are."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.fakes.accounts import BOB
from tests.support.functions import Function, Load
from tests.unit.webhooks.office import URL, Office

WISH = {"subscription_id": "7", "url": URL, "events": ["balance.low", "epoch.settled"]}


@dataclass(frozen=True)
class Door:
    """The function, and the office behind it."""

    function: Function
    office: Office

    def ask(self, method: str, path: str, body: object = None, request: str = "request-1", **how: Any) -> Any:
        return self.function.call(method, path, body, headers={"idempotency-key": request}, **how)


@pytest.fixture
def door(load: Load) -> Door:
    office = Office()
    roots = {
        "create_webhook": office.create,
        "read_webhooks": office.read,
        "change_webhook": office.change,
        "rotate_secret": office.rotate,
        "delete_webhook": office.delete,
        "try_webhook": office.try_webhook,
        "list_deliveries": office.list,
        "replay_delivery": office.replay,
    }
    return Door(load("webhook_api", **roots), office)


def test_a_secret_is_in_the_answer_that_makes_it_and_in_no_other(door: Door) -> None:
    # When a webhook is created, rotated, and then read on every route
    created = door.ask("POST", "/v1/webhooks", WISH)
    assert (created.status, created.body["webhook"]["state"]) == (201, "enabled")
    one = f"/v1/webhooks/{created.body['webhook']['webhook_id']}"
    rotated = door.ask("POST", f"{one}/secrets", request="request-2")
    assert (rotated.status, rotated.body["webhook"]["old_secret_until"]) == (201, "2026-11-25T10:00:00.000000Z")
    secrets = (created.body["secret"], rotated.body["secret"])
    others = [
        door.ask("POST", "/v1/webhooks", WISH),
        door.ask("POST", f"{one}/secrets", request="request-2"),
        door.ask("GET", "/v1/webhooks"),
        door.ask("GET", one),
        door.ask("PATCH", one, {"events": ["standing.changed"]}),
        door.ask("POST", f"{one}/tests", request="request-3"),
        door.ask("GET", f"{one}/deliveries"),
    ]
    # Then no other answer holds one
    assert [answer.status for answer in others] == [409, 409, 200, 200, 200, 201, 200]
    assert not [answer.text for answer in others for secret in secrets if secret in answer.text]


def test_a_delivery_shows_its_body_and_its_attempts_and_can_be_sent_again(door: Door) -> None:
    webhook_id = door.ask("POST", "/v1/webhooks", WISH).body["webhook"]["webhook_id"]
    tried = door.ask("POST", f"/v1/webhooks/{webhook_id}/tests", request="request-2").body
    door.office.carry_out()
    path = f"/v1/webhooks/{webhook_id}/deliveries"
    [delivered] = door.ask("GET", path).body["items"]
    assert (delivered["delivery_id"], delivered["state"]) == (tried["delivery_id"], "delivered")
    assert [(one["status"], one["milliseconds"], one["error"]) for one in delivered["attempts"]] == [
        ("200", "12", None)
    ]
    assert delivered["body"].startswith(f'{{"id":"{delivered["delivery_id"]}","type":"webhook.test"')
    replayed = door.ask("POST", f"{path}/{delivered['delivery_id']}/replays")
    assert (replayed.status, replayed.body["state"]) == (202, "pending")


def test_a_webhook_that_was_deleted_is_not_there(door: Door) -> None:
    one = f"/v1/webhooks/{door.ask('POST', '/v1/webhooks', WISH).body['webhook']['webhook_id']}"
    assert door.ask("DELETE", one).status == 204
    assert (door.ask("GET", one).status, door.ask("DELETE", one).status) == (404, 404)


def test_a_webhook_of_somebody_else_is_not_there(door: Door) -> None:
    one = f"/v1/webhooks/{door.ask('POST', '/v1/webhooks', WISH).body['webhook']['webhook_id']}"
    asked = [("GET", one), ("DELETE", one), ("POST", f"{one}/secrets"), ("POST", f"{one}/tests")]
    for method, path in [*asked, ("GET", f"{one}/deliveries")]:
        refused = door.ask(method, path, caller=BOB)
        assert (refused.status, refused.body["code"]) == (404, "webhook_not_found")
    assert door.ask("GET", one).status == 200


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"url": "http://hooks.example.com/"}, "invalid_webhook_url"),
        ({"url": "https://169.254.169.254/"}, "invalid_webhook_url"),
        ({"events": ["everything"]}, "invalid_request"),
        ({"subscription_id": "8.0"}, "invalid_request"),
        ({"secret": "mine"}, "invalid_request"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused(door: Door, change: dict[str, object], code: str) -> None:
    refused = door.ask("POST", "/v1/webhooks", WISH | change)
    assert (refused.status, refused.body["code"]) == (400, code)
    assert door.office.webhooks.webhooks == {}


@pytest.mark.parametrize("change", [{"enabled": "yes"}, {"state": "enabled"}, {"secret_number": 1}, {"owner": BOB}])
def test_only_what_is_the_owners_can_be_changed(door: Door, change: object) -> None:
    one = f"/v1/webhooks/{door.ask('POST', '/v1/webhooks', WISH).body['webhook']['webhook_id']}"
    assert door.ask("PATCH", one, change).body["code"] == "invalid_request"


def test_what_makes_something_needs_an_idempotency_key(door: Door) -> None:
    webhook_id = door.ask("POST", "/v1/webhooks", WISH).body["webhook"]["webhook_id"]
    for path in ("/v1/webhooks", f"/v1/webhooks/{webhook_id}/secrets", f"/v1/webhooks/{webhook_id}/tests"):
        refused = door.function.call("POST", path, WISH if path == "/v1/webhooks" else None)
        assert (refused.status, refused.body["code"]) == (400, "idempotency_key_required")
