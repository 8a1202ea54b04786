"""A customer's whole way on the page, with a real wallet: connect, subscribe, call, watch, change, leave."""

import re
from collections.abc import Iterator
from typing import Final

import httpx
import pytest
from playwright.sync_api import Browser, expect

from infra.local.launch import Facts
from tests.support.browser import Visitor, accessibility_faults, overflows, photograph, stored_secrets, text_of
from tests.support.page_customer import SECRET, Customer

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

DEPOSIT: Final = "10"
SETTLED_MS: Final = 120_000.0


@pytest.fixture(scope="module")
def alice(browser: Browser) -> Iterator[Customer]:
    """A customer with a subscription and the key that the page has made for it."""
    with Visitor.with_browser(browser) as visitor:
        customer = Customer.with_account(visitor, "Ada", "100")
        customer.connect()
        visitor.notes["key"] = customer.subscribe(DEPOSIT)
        visitor.notes["subscription"] = customer.subscription_id
        yield customer


def test_the_key_is_shown_once_and_kept_nowhere(alice: Customer) -> None:
    # Given the key of a new subscription, with an example that uses it
    key = alice.visitor.notes["key"]
    assert key in text_of(alice.page.locator("pre").first)
    photograph(alice.page, "start-with-key")
    # Then it is on no storage of the device, and a reload does not bring it back
    assert key not in stored_secrets(alice.page)
    alice.page.reload()
    alice.page.get_by_text("This subscription has keys already").wait_for()
    assert key not in alice.page.content()


def test_a_call_is_answered_and_its_usage_is_pending_at_once(alice: Customer) -> None:
    # Given the box to try a key
    alice.page.get_by_label("Your key").fill(alice.visitor.notes["key"])
    # When a question is sent
    alice.page.get_by_role("button", name="Send").click()
    # Then its answer comes, and its usage is told as pending
    expect(alice.page.get_by_role("log", name="The answer")).not_to_be_empty()
    alice.page.get_by_text(re.compile(r"Metered: .* pending")).wait_for()


def test_usage_moves_from_pending_to_settled_by_itself(alice: Customer) -> None:
    # Given the view of the usage
    alice.visitor.open("/usage")
    alice.visitor.settle()
    row = alice.page.get_by_role("table", name="All calls, the newest first").get_by_role("row").nth(1)
    row.wait_for()
    # When the call has been sealed, attested and charged
    expect(row).to_contain_text("Settled", timeout=SETTLED_MS)
    # Then the view has told so without being loaded again, and nothing is on its way any more
    expect(alice.page.get_by_role("region", name="Where your usage is")).to_contain_text("epoch")
    photograph(alice.page, "usage")


def test_a_rotated_key_and_its_successor_both_work(alice: Customer, running: Facts) -> None:
    # Given a key that works
    old = alice.visitor.notes["key"]
    alice.visitor.open("/keys")
    # When it is rotated
    alice.page.get_by_role("button", name=re.compile("^Rotate")).first.click()
    dialog = alice.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Make the new key").click()
    new = dialog.locator("code").filter(has_text=SECRET).first.inner_text()
    assert new != old
    dialog.get_by_role("button", name="I have kept it").click()
    # Then both call models, and the list says which one ends
    models = f"{running['litellm_url']}/v1/models"
    answers = [httpx.get(models, headers={"authorization": f"Bearer {key}"}, timeout=60) for key in (old, new)]
    assert [answer.status_code for answer in answers] == [200, 200]
    alice.page.get_by_text(re.compile("Replaced by")).first.wait_for()


def test_a_revoked_key_calls_nothing(alice: Customer, running: Facts) -> None:
    # Given the key that was replaced
    alice.page.locator("li").filter(has_text="Replaced by").get_by_role("button", name=re.compile("^Revoke")).click()
    # When it is revoked
    alice.page.get_by_role("dialog").get_by_role("button", name="Revoke it").click()
    alice.page.get_by_text("is revoked").wait_for()
    # Then it is refused
    old = {"authorization": f"Bearer {alice.visitor.notes['key']}"}
    asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
    url = f"{running['litellm_url']}/v1/chat/completions"
    assert httpx.post(url, headers=old, json=asked, timeout=60).status_code == 401


def test_a_top_up_and_a_cap_are_signed_and_shown(alice: Customer) -> None:
    # When the deposit is topped up
    alice.visitor.open("/deposit")
    card = alice.action("Top up")
    card.get_by_label("Amount").fill("2")
    card.get_by_role("button", name="Review").click()
    expect(card).to_contain_text("What it costs")
    alice.sign_in_card("Top up")
    # Then the balance shows it
    expect(
        alice.page.get_by_text("12.00 FLOW").or_(alice.page.get_by_text("Paid in").locator("xpath=.."))
    ).not_to_have_count(0)
    # When a cap is set
    card = alice.action("Spend cap")
    card.get_by_label("Most in 30 days").fill("25")
    card.get_by_role("button", name="Review").click()
    alice.sign_in_card("Spend cap")
    # Then it is in force
    expect(card).to_contain_text("25", timeout=SETTLED_MS)
    expect(card).to_contain_text("charged in this period", timeout=SETTLED_MS)


@pytest.mark.parametrize("view", ["/usage", "/keys", "/deposit", "/bills", "/account"])
def test_a_view_of_the_account_is_accessible_and_within_its_window(alice: Customer, view: str) -> None:
    alice.visitor.open(view)
    alice.visitor.settle()
    assert accessibility_faults(alice.page) == []
    for width in (360, 768):
        alice.page.set_viewport_size({"width": width, "height": 900})
        assert overflows(alice.page) == [], f"at {width} px"
    photograph(alice.page, f"account{view.replace('/', '-')}")
    alice.page.set_viewport_size({"width": 1280, "height": 900})


def test_an_exit_ends_with_the_money_in_the_wallet(alice: Customer) -> None:
    # Given a subscriber who leaves
    alice.visitor.open("/deposit")
    card = alice.action("Leave and take out")
    card.get_by_role("button", name="Leave", exact=True).click()
    alice.sign_in_card("Leave and take out")
    # When the notice is over
    close = card.get_by_role("button", name="Close and take out all")
    close.click(timeout=SETTLED_MS)
    alice.sign_in_card("Leave and take out")
    # Then the subscription is closed and says what came back
    expect(card).to_contain_text("This subscription is closed", timeout=SETTLED_MS)
