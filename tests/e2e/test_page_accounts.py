"""Two accounts on the page: neither sees anything of the other, and a subscription changes hands between them."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Final

import pytest
from playwright.sync_api import Browser, expect

from infra.local.flow.accounts import LocalAccount, LocalFlow, service_account
from infra.paths import ROOT
from tests.cadence.owners import move_holder
from tests.support.browser import Visitor, photograph, stored
from tests.support.page_customer import Customer, outside
from tests.support.page_routes import views
from tests.support.receivers import receiving

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

DEPOSIT: Final = "10"
OF_ACCOUNT: Final = (*views("account"), "/start")
OF_SUBSCRIPTION: Final = "/v1/subscriptions/{subscription_id}"
NOT_FOUND: Final = "Failed to load resource: the server responded with a status of 404"
ASK: Final = """async (paths) => {
  const { access_token: token } = JSON.parse(localStorage["flareflow.session"]);
  const headers = { authorization: `Bearer ${token}` };
  return Promise.all(paths.map(async (path) => [path, (await fetch(path, { headers })).status]));
}"""


@pytest.fixture(scope="module")
def dora(browser: Browser) -> Iterator[Customer]:
    """Somebody with an account of 100 FLOW, who has not been on the page yet."""
    with Visitor.with_browser(browser) as visitor:
        yield Customer.with_account(visitor, "Dora", "100")


@pytest.fixture(scope="module")
def emil(browser: Browser) -> Iterator[Customer]:
    """Somebody else, who is signed in with a browser of their own and has no subscription."""
    with Visitor.with_browser(browser) as visitor:
        customer = Customer.with_account(visitor, "Emil", "5")
        customer.connect()
        yield customer


def traces(owner: Customer) -> Sequence[str]:
    """What would give an owner away: account, subscription, key, and what the key is listed by."""
    notes = owner.visitor.notes
    key_hash = hashlib.sha256(notes["key"].encode()).hexdigest()
    return notes["address"].removeprefix("0x"), f"ubscription {notes['subscription']}", notes["key"], key_hash[:8]


def found(traces: Sequence[str], text: str) -> list[str]:
    return [trace for trace in traces if trace in text]


def test_a_subscription_is_opened_with_the_keyboard_alone(dora: Customer) -> None:
    # Given somebody who uses no pointer
    dora.subscribe_by_keyboard(DEPOSIT)
    # Then they have a key, which the keyboard reaches
    notes = dora.visitor.notes
    notes["key"], notes["subscription"], notes["address"] = dora.first_key(), dora.subscription_id, dora.address
    assert notes["key"].startswith("sk-")


def test_the_focus_goes_back_to_the_button_that_has_opened_a_dialog(dora: Customer) -> None:
    dora.visitor.open("/account")
    add = dora.action("Webhooks").get_by_role("button", name="Add a webhook")
    add.click()
    dora.page.get_by_role("dialog", name="Add a webhook").wait_for()
    dora.page.keyboard.press("Escape")
    expect(add).to_be_focused()


def test_an_owner_tries_a_webhook_and_deletes_it(dora: Customer) -> None:
    # Given an owner who has added a webhook, and has kept its secret
    section = dora.action("Webhooks")
    with receiving() as receiver:
        dora.visitor.open("/account")
        section.get_by_role("button", name="Add a webhook").click()
        dora.page.get_by_label("URL", exact=True).fill(receiver.url)
        dora.page.get_by_role("button", name="Add the webhook").click()
        secret = dora.page.get_by_role("dialog", name="The secret of your webhook")
        expect(secret).to_contain_text("whsec_")
        secret.get_by_role("button", name="I have kept it").click()
        # When they send a test
        section.get_by_role("button", name=f"Deliveries to {receiver.url}").click()
        section.get_by_role("button", name="Send a test").click()
        # Then the receiver has taken it, and the page says so
        test = section.locator(".deliveries").get_by_role("listitem").filter(has_text="Test")
        expect(test).to_contain_text("Delivered")
        expect(test).to_contain_text("Answered 200")
        assert receiver.received[0].headers["webhook-id"]
        photograph(dora.page, "account-webhook")
        # And when it is deleted, it is gone
        section.get_by_role("button", name=f"Delete {receiver.url}").click()
        dora.page.get_by_role("button", name="Delete it").click()
        expect(section).to_contain_text("No webhooks yet.")


def test_a_second_account_finds_nothing_of_the_first(dora: Customer, emil: Customer) -> None:
    # Given somebody who knows the number of another's subscription
    number = dora.visitor.notes["subscription"]
    # When they open every view of an account, by addresses that name it
    for view in OF_ACCOUNT:
        emil.visitor.open(f"{view}?subscription={number}")
        emil.visitor.settle()
        # Then nothing of it is there, and the view says that there is no subscription
        assert found(traces(dora), emil.page.content()) == [], view
        if view not in {"/account", "/start"}:
            expect(emil.page.get_by_role("heading", name="No subscription yet")).to_be_visible()
    photograph(emil.page, "account-none")
    # And of the bill, which is public, the single calls are not offered
    emil.visitor.open(f"/check?subscription={number}")
    emil.page.get_by_text("Any subscription: bills are public, single calls are not.").wait_for()
    expect(emil.page.get_by_label("With my single calls")).to_have_count(0)


def test_the_api_gives_a_second_account_nothing_of_the_first(dora: Customer, emil: Customer) -> None:
    # Given every route that reads a subscription
    routes = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    number = dora.visitor.notes["subscription"]
    paths = [
        path.format(subscription_id=number, epoch=1)
        for path, operations in routes.items()
        if path.startswith(OF_SUBSCRIPTION) and "get" in operations
    ]
    assert len(paths) >= 8
    # When another account asks for them in its browser, Then there is no such subscription
    emil.visitor.expected.append(NOT_FOUND)
    assert emil.page.evaluate(ASK, paths) == [[path, 404] for path in paths]


def test_after_signing_out_the_browser_knows_nothing_of_who_was_there(dora: Customer) -> None:
    # Given an owner who has looked at everything
    for view in OF_ACCOUNT:
        dora.visitor.open(view)
        dora.visitor.settle()
    assert found(traces(dora), dora.page.content() + stored(dora.page)) != []
    # When they sign out, Then the device keeps nothing of them
    dora.disconnect()
    assert found([*traces(dora), "flareflow.session", "flareflow.subscription"], stored(dora.page)) == []
    # And somebody else who signs in on the same page finds nothing of them
    next_one = Customer(dora.visitor, "Emil")
    next_one.connect()
    for view in OF_ACCOUNT:
        dora.visitor.open(view)
        dora.visitor.settle()
        assert found(traces(dora), dora.page.content() + stored(dora.page)) == [], view
    # And the owner finds all of it again
    next_one.disconnect()
    dora.connect()
    dora.visitor.open("/deposit")
    dora.page.get_by_text(f"for subscription {dora.visitor.notes['subscription']}").wait_for()


def test_a_subscription_that_lies_in_another_account_is_claimed_there(dora: Customer, emil: Customer) -> None:
    # Given an owner who has moved all subscriptions into another account, without the contract
    giver, taker = (LocalAccount(one.address.removeprefix("0x"), service_account().key) for one in (dora, emil))

    def move() -> None:
        with LocalFlow.at() as flow:
            move_holder(flow, giver, taker)

    outside(move)
    # When the other account wants to begin, Then it is told of them
    emil.visitor.open("/start")
    emil.page.reload()
    emil.page.get_by_text("A subscription was moved into your account").wait_for()
    # When it claims them
    emil.page.get_by_role("link", name="Claim it").click()
    card = emil.action("Subscriptions to claim")
    card.get_by_role("button", name="Claim").click()
    expect(card).to_contain_text("It records your account as the owner")
    emil.sign_in_card("Subscriptions to claim", "Your account is recorded as the owner.")
    # Then it is theirs, and no longer that of whoever moved it
    expect(card).to_contain_text("Yours")
    emil.visitor.open("/deposit")
    expect(emil.action("Ownership")).to_contain_text(emil.address)
    dora.page.reload()
    dora.page.get_by_role("heading", name="No subscription yet").wait_for()


def test_a_subscription_is_given_to_an_account_that_allows_it(dora: Customer, emil: Customer) -> None:
    # Given somebody who lets others give them subscriptions
    dora.visitor.open("/account")
    dora.action("Receive subscriptions").get_by_role("button", name="Allow it").click()
    dora.sign_in_card("Receive subscriptions", "Other accounts can move subscriptions to yours now.")
    # When an owner gives them one
    emil.visitor.open("/deposit")
    card = emil.action("Ownership")
    card.get_by_label("New owner").fill(dora.address)
    card.get_by_role("button", name="Review").click()
    expect(card).to_contain_text("You lose every right to it, its keys end, and only the new owner can give it back.")
    emil.sign(card)
    # Then the one is told so and has none any more
    expect(emil.page.get_by_text(f"{dora.address} is the owner now.").first).to_be_visible()
    emil.page.get_by_role("heading", name="No subscription yet").wait_for()
    # And the other has it
    dora.visitor.open("/deposit")
    dora.page.reload()
    expect(dora.action("Ownership")).to_contain_text(dora.address)
