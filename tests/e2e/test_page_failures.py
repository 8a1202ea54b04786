"""What the page says when something does not work: in the wallet, with the money, at the server."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.support.browser import Visitor, photograph
from tests.support.page_customer import Customer

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

NOTHING_HAPPENED = "Nothing was sent, and nothing was paid."
REFUSED = "Failed to load resource"
"""How Chromium logs every answer of 4xx and 5xx, and every request that fails."""


@pytest.fixture(scope="module")
def poor(browser: Browser) -> Iterator[Customer]:
    """Somebody who is signed in, with an account of 5 FLOW and no subscription."""
    with Visitor.with_browser(browser) as visitor:
        customer = Customer.with_account(visitor, "Grace", "5")
        customer.connect()
        yield customer


def test_whoever_closes_the_wallet_is_not_signed_in_and_can_try_again(visitor: Visitor) -> None:
    # Given somebody who closes the wallet instead of choosing an account
    visitor.open("/start")
    visitor.page.get_by_role("button", name="Connect wallet").click()
    visitor.wallet.close()
    # Then the page says so, and the wallet can be opened again
    expect(visitor.page.locator("main")).to_contain_text(NOTHING_HAPPENED)
    visitor.page.get_by_role("button", name="Connect wallet").click()
    visitor.page.frame_locator("#FCL_IFRAME").get_by_role("dialog").wait_for()


@pytest.mark.parametrize("way", ["decline", "close"])
def test_a_transaction_that_is_not_approved_changes_nothing_and_can_be_tried_again(poor: Customer, way: str) -> None:
    # Given somebody who does not approve the opening of a subscription
    poor.visitor.expected.append("Declined: User declined")
    poor.visitor.open("/start")
    poor.page.reload()
    poor.choose_deposit("1")
    poor.page.get_by_role("button", name="Sign in your wallet").click()
    getattr(poor.visitor.wallet, way)()
    # Then the page says what happened in words, and offers it again
    expect(poor.page.get_by_role("region", name="Open a subscription")).to_contain_text(NOTHING_HAPPENED)
    photograph(poor.page, f"transaction-{way}")
    poor.page.get_by_role("button", name="Try again").click()
    poor.page.frame_locator("#FCL_IFRAME").get_by_role("button", name="Approve", exact=True).wait_for()
    poor.visitor.wallet.decline()


def test_a_deposit_that_the_wallet_cannot_pay_is_refused_before_signing(poor: Customer) -> None:
    # Given somebody with 5 FLOW
    poor.page.reload()
    deposit = poor.page.get_by_label("Deposit", exact=True)
    # When they want to put down more
    deposit.fill("50")
    # Then the page says what they have, and goes no further
    poor.page.get_by_text("Your wallet has 5").first.wait_for()
    expect(poor.page.get_by_role("button", name="Continue")).to_be_disabled()
    # And all of it is too much as well, because the network takes a fee
    poor.choose_deposit("5")
    poor.page.get_by_text("Your wallet holds less than").wait_for()
    expect(poor.page.get_by_role("button", name="Sign in your wallet")).to_be_disabled()


def test_a_page_without_a_server_says_so_and_recovers(visitor: Visitor) -> None:
    # Given a server that answers nothing
    visitor.expected.append(REFUSED)
    visitor.context.route("**/v1/**", _unavailable)
    visitor.open("/pricing")
    again = visitor.page.get_by_role("button", name="Try again").first
    again.wait_for()
    photograph(visitor.page, "server-down")
    # When it is back and the person tries again
    visitor.context.unroute("**/v1/**", _unavailable)
    again.click()
    # Then the view is whole
    visitor.page.get_by_text("gpt-4o").first.wait_for()


def test_a_lost_connection_is_told_and_the_page_goes_on_when_it_is_back(visitor: Visitor) -> None:
    # Given a view that has loaded
    visitor.expected.append(REFUSED)
    visitor.open("/pricing")
    visitor.settle()
    # When the connection is lost, Then a banner says that what is shown may be old
    visitor.context.set_offline(True)
    visitor.page.get_by_text("You are offline").wait_for()
    # And it goes when the connection is back
    visitor.context.set_offline(False)
    expect(visitor.page.get_by_text("You are offline")).to_have_count(0)


def _unavailable(route: Route) -> None:
    route.fulfill(status=503, content_type="application/json", body='{"message": "Service Unavailable"}')
