"""Signatures of messages, by the specification of Standard Webhooks."""

import base64
from datetime import timedelta

import pytest

from flareflow.webhooks.models import EventType
from flareflow.webhooks.signing import Signer, signature
from tests.fakes.accounts import ALICE
from tests.unit.webhooks.office import Office


def key_of(shown: str) -> bytes:
    return base64.b64decode(shown.removeprefix("whsec_"))


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_signature_is_that_of_the_specification() -> None:
    # Given the example that the implementations of the specification share
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_message_is_signed_with_the_secret_that_was_shown(office: Office) -> None:
    created = office.webhook(EventType.STANDING_CHANGED)
    office.happens(office.standing("exiting"))
    office.carry_out()
    [(_, headers, body)] = office.receivers.posted
    seconds = int(office.clock().timestamp())
    wanted = signature(key_of(created.secret), headers["webhook-id"], seconds, body)
    assert (headers["webhook-signature"], headers["webhook-timestamp"]) == (wanted, str(seconds))
    assert headers["content-type"] == "application/json"


def test_id_time_and_body_are_all_signed() -> None:
    key, wanted = bytes(32), signature(bytes(32), "evt_1", 1, b"{}")
    others = [signature(key, "evt_2", 1, b"{}"), signature(key, "evt_1", 2, b"{}"), signature(key, "evt_1", 1, b"[]")]
    assert wanted not in others


def test_secrets_are_of_32_bytes_and_each_is_another() -> None:
    signer = Signer(lambda: "root")
    shown = {signer.shown(webhook_id, number) for webhook_id in ("wh_1_a", "wh_1_b") for number in (1, 2)}
    assert len(shown) == 4
    assert {len(key_of(one)) for one in shown} == {32}
    assert shown.isdisjoint({Signer(lambda: "another root").shown("wh_1_a", 1)})


def test_for_a_day_after_a_rotation_both_secrets_sign(office: Office) -> None:
    created = office.webhook(EventType.STANDING_CHANGED)
    rotated = office.rotate.run(ALICE, "rotate-1", created.webhook.webhook_id)
    for _ in range(2):
        office.happens(office.standing("exiting"))
        office.carry_out()
        office.clock.advance(timedelta(days=1))
    (_, meanwhile, body), (_, later, last) = office.receivers.posted
    both = [key_of(rotated.secret), key_of(created.secret)]
    stamp, late = (int(headers["webhook-timestamp"]) for headers in (meanwhile, later))
    assert meanwhile["webhook-signature"].split(" ") == [
        signature(key, meanwhile["webhook-id"], stamp, body) for key in both
    ]
    assert later["webhook-signature"] == signature(both[0], later["webhook-id"], late, last)
