"""What operators see and decide on the page, and that nobody else finds it."""

from datetime import UTC, datetime
from typing import Final

import pytest
from playwright.sync_api import expect

from flareflow.adapters.dynamodb.cases import DynamoCases
from flareflow.metering.cases import Case, CaseKind
from infra.local.aws import session as aws
from infra.local.aws.provision import physical_name
from infra.local.ports import url
from tests.support.browser import WIDTHS, Visitor, accessibility_faults, photograph, too_wide
from tests.support.page_customer import Customer

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

OPERATOR: Final = "Service Account"
"""The account that the local stack lists, as the wallet calls it."""
TABS: Final = ("Cases", "Margins", "Chains", "Queues", "Keys", "Subscriptions")
CASE: Final = Case(
    CaseKind.DIFFERENCE, "billed_more", "of-this-test", datetime(2026, 11, 24, tzinfo=UTC), "a key was billed 2 more"
)


def cases() -> DynamoCases:
    usage = aws.session().resource("dynamodb", endpoint_url=url("dynamodb")).Table(physical_name("UsageTable"))
    return DynamoCases(usage, lambda _: None)


def test_an_operator_looks_at_everything_and_decides_a_case(visitor: Visitor) -> None:
    # Given an open case, and somebody who connects the wallet as an operator
    cases().open([CASE])
    operator = Customer(visitor, OPERATOR)
    operator.connect()
    page = visitor.page
    # When they go to the operators' page by the navigation
    page.get_by_role("link", name="Operators").click()
    # Then it says how far usage is
    expect(page.locator("main")).to_contain_text("Charged up to")
    # And the case can be decided, after it was said what that does
    page.get_by_role("row").filter(has_text=CASE.what).get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text(CASE.id).wait_for()
    assert accessibility_faults(page) == []
    photograph(page, "operators-case")
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog).to_contain_text("Say why")
    dialog.get_by_label("Why").fill("asked the customer")
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog).to_contain_text("Nobody is billed for it, now or later")
    dialog.get_by_role("button", name="Yes, leave it").click()
    expect(page.get_by_role("row").filter(has_text=CASE.what)).to_have_count(0)
    # And the decision is noted with the account
    decided = cases().find(CASE.id)
    assert decided is not None
    assert decided.decision is not None
    assert (decided.decision.verdict, decided.decision.why) == ("written_off", "asked the customer")
    assert decided.decision.who.startswith("0x")
    # And every part of the page is there, accessible and within its window
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        visitor.settle()
        assert accessibility_faults(page) == [], tab
        assert too_wide(page, WIDTHS) == [], tab
        photograph(page, f"operators-{tab.lower()}")
    page.get_by_role("tab", name="Chains").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("FLOW")
    page.get_by_role("tab", name="Keys").click()
    page.get_by_role("button", name="Compare with LiteLLM").click()
    expect(page.get_by_role("region", name="Keys that differ")).to_be_visible()


def test_nobody_else_finds_the_operators_page(visitor: Visitor) -> None:
    # Given somebody who is signed in as a customer
    Customer(visitor, "Bob").connect()
    # Then no link leads to the operators' page, and its address leads nowhere
    assert visitor.page.get_by_role("link", name="Operators").count() == 0
    visitor.open("/operators")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("There is no such page")
