"""Every view of the page, as strangers see it: complete, accessible, within its window, in both themes."""

import re
from collections.abc import Sequence
from typing import Final

import pytest

from infra.paths import ROOT
from tests.support.browser import WIDTHS, Visitor, accessibility_faults, focus_order, overflows, photograph

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

ROUTES: Final = ROOT / "frontend" / "page" / "router" / "routes.ts"
ROUTE: Final = re.compile(r'path: "(?P<path>[^"]+)".*?section: "(?P<section>\w+)"', re.DOTALL)


def views(section: str) -> Sequence[str]:
    """The addresses of a section, by the page's own table; those with a value in them are left out."""
    found = [(route["path"], route["section"]) for route in ROUTE.finditer(ROUTES.read_text())]
    assert found
    return [path for path, of in found if of == section and ":" not in path]


def name_of(view: str) -> str:
    return view.strip("/").replace("/", "-") or "home"


@pytest.mark.parametrize("view", views("public"), ids=name_of)
def test_a_view_is_complete_accessible_and_within_its_window(visitor: Visitor, view: str) -> None:
    # Given a view that has loaded all that it shows
    visitor.open(view)
    visitor.settle()
    # Then it has one heading, axe finds nothing in either theme, and no width makes it scroll sideways
    assert visitor.page.get_by_role("heading", level=1).count() == 1
    assert accessibility_faults(visitor.page) == []
    visitor.page.emulate_media(color_scheme="dark")
    assert accessibility_faults(visitor.page) == []
    for width, height in WIDTHS.items():
        visitor.page.set_viewport_size({"width": width, "height": height})
        assert overflows(visitor.page) == [], f"at {width} px"
    photograph(visitor.page, name_of(view))


def test_a_view_can_be_read_at_twice_the_size(visitor: Visitor) -> None:
    # Given a window of 1280 px whose text is zoomed to 200 %, which leaves 640 px
    visitor.page.set_viewport_size({"width": 640, "height": 450})
    for view in views("public"):
        visitor.open(view)
        visitor.settle()
        assert overflows(visitor.page) == [], view


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


def test_an_address_that_does_not_exist_leads_back(visitor: Visitor) -> None:
    visitor.open("/nowhere")
    visitor.page.get_by_role("link", name="Go to the start").click()
    visitor.page.get_by_role("heading", level=1).wait_for()
    assert visitor.page.url.endswith("#/")
