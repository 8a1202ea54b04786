"""The page about webhooks: its example program checks our signatures, its numbers are those of the code."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flareflow.webhooks.managing import ROTATION, WEBHOOKS_MAX
from flareflow.webhooks.models import (
    ATTEMPT_PAUSES,
    ATTEMPTS_KEPT,
    ATTEMPTS_MAX,
    DISABLED_AFTER,
    KEPT_FOR,
    EventType,
    Webhook,
)
from flareflow.webhooks.signing import Signer
from infra.paths import ROOT
from tests.support.shown_programs import shown_program

GUIDE = (ROOT / "docs" / "webhooks.md").read_text()
BODY = b'{"id":"evt_1","type":"webhook.test"}'
WEBHOOK = Webhook("wh_7_1", "0x01", 7, "https://hooks.example.com/", (), datetime.now(UTC))


@pytest.fixture(scope="module")
def is_from_flareflow() -> Any:
    """The function of the page."""
    return shown_program("webhooks.md")["is_from_flareflow"]


def test_the_example_takes_our_messages_and_no_others(is_from_flareflow: Any) -> None:
    signer, now = Signer(lambda: "root"), datetime.now(UTC)
    secret, headers = signer.shown("wh_7_1", 1), dict(signer.headers(WEBHOOK, "evt_1", BODY, now))
    assert is_from_flareflow(secret, headers, BODY)
    assert not is_from_flareflow(secret, headers, BODY + b" ")
    assert not is_from_flareflow(signer.shown("wh_7_2", 1), headers, BODY)
    assert not is_from_flareflow(secret, headers | {"webhook-id": "evt_2"}, BODY)
    later = str(int(headers["webhook-timestamp"]) + 1)
    assert not is_from_flareflow(secret, headers | {"webhook-timestamp": later}, BODY)


def test_the_example_takes_no_old_message_and_both_secrets_of_a_rotation(is_from_flareflow: Any) -> None:
    signer, now = Signer(lambda: "root"), datetime.fromtimestamp(time.time(), UTC)
    old = dict(signer.headers(WEBHOOK, "evt_1", BODY, now - timedelta(minutes=6)))
    assert not is_from_flareflow(signer.shown("wh_7_1", 1), old, BODY)
    rotated = Webhook("wh_7_1", "0x01", 7, "", (), now, secret_number=2, old_secret_until=now + ROTATION)
    headers = dict(signer.headers(rotated, "evt_1", BODY, now))
    assert all(is_from_flareflow(signer.shown("wh_7_1", number), headers, BODY) for number in (1, 2))


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    seconds = [pause.total_seconds() for pause in ATTEMPT_PAUSES]
    assert seconds == [5, 60, 600, 3600, 3 * 3600, 8 * 3600, 12 * 3600]
    assert "5 seconds, then after 1 minute, 10 minutes, 1 hour, 3, 8 and 12 hours" in GUIDE
    assert (ATTEMPTS_MAX, WEBHOOKS_MAX, ATTEMPTS_KEPT) == (8, 5, 20)
    assert (KEPT_FOR.days, DISABLED_AFTER.days, ROTATION.days) == (30, 5, 1)
    assert [one for one in EventType if f"| `{one}` |" not in GUIDE] == []
