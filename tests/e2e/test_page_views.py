"""Every view of the page, as strangers see it: complete, accessible, within its window at any zoom, in both themes."""

import pytest
from playwright.sync_api import expect

from tests.support.browser import Visitor, focus_order, moving, photograph, view_faults
from tests.support.page_routes import views

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


def name_of(view: str) -> str:
    return view.strip("/").replace("/", "-") or "home"


@pytest.mark.parametrize("view", views("public"), ids=name_of)
def test_a_view_is_complete_accessible_and_within_its_window(visitor: Visitor, view: str) -> None:
    # Given a view that has loaded all that it shows
    visitor.open(view)
    visitor.settle()
    # Then it has one heading, axe finds nothing in either theme, and no width or zoom makes it scroll sideways
    assert view_faults(visitor.page) == []
    photograph(visitor.page, name_of(view))


@pytest.mark.parametrize("view", views("account"), ids=name_of)
def test_a_view_of_an_account_tells_a_stranger_to_sign_in(visitor: Visitor, view: str) -> None:
    visitor.open(view)
    visitor.page.get_by_role("heading", name="Sign in to see this").wait_for()
    assert view_faults(visitor.page) == []


def test_nothing_moves_for_whoever_wants_less_motion(visitor: Visitor) -> None:
    # Given a view that waits for a server
    visitor.page.route("**/v1/**", lambda _: None)
    visitor.open("/pricing")
    visitor.page.locator(".skeleton").first.wait_for()
    # Then what waits moves, but not for whoever has asked for less motion
    assert moving(visitor.page) == []
    visitor.page.emulate_media(reduced_motion="no-preference")
    assert moving(visitor.page) != []
    visitor.page.unroute_all(behavior="ignoreErrors")


def test_the_keyboard_reaches_the_content_first_and_everything_in_order(visitor: Visitor) -> None:
    # Given somebody who has only a keyboard
    visitor.open("/")
    visitor.settle()
    # When they press the tabulator key, the first stop leads over the navigation
    order = focus_order(visitor.page, 6)
    assert order[0] == "Skip to the content"
    assert len(set(order)) == len(order), order
    # And it does
    visitor.page.reload()
    visitor.settle()
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    assert visitor.page.evaluate("() => document.activeElement.tagName") == "MAIN"


def test_whoever_goes_to_another_view_has_the_focus_on_its_heading(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.settle()
    visitor.page.get_by_role("link", name="Prices", exact=True).click()
    expect(visitor.page.get_by_role("heading", name="Prices", exact=True)).to_be_focused()


def test_an_epoch_without_a_statement_says_so_and_leads_to_all(visitor: Visitor) -> None:
    # Given the address of an epoch that was never sealed
    visitor.expected.append("status of 404")
    visitor.open("/epochs/1")
    # Then the view says so, and is as whole as any other
    visitor.page.get_by_role("heading", name="Epoch 1 has no statement").wait_for()
    assert view_faults(visitor.page) == []
    photograph(visitor.page, "epoch-none")
    visitor.page.get_by_role("link", name="All epochs").click()
    visitor.page.get_by_role("heading", name="Every epoch, from use to charge").wait_for()


def test_an_address_that_does_not_exist_leads_back(visitor: Visitor) -> None:
    visitor.open("/nowhere")
    visitor.page.get_by_role("link", name="Go to the start").click()
    visitor.page.get_by_role("heading", level=1).wait_for()
    assert visitor.page.url.endswith("#/")
