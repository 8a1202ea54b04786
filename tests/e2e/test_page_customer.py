"""A customer's whole way on the page, with a real wallet: connect, subscribe, call, watch, change, leave."""

import logging
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from flareflow_verify.evidence import Link
from infra.deploy.contracts import PlanTerms, add_plan
from infra.local.flow.accounts import LocalFlow, service_account
from infra.local.flow.contracts import LocalDeployer
from infra.local.launch import Facts
from tests.support.browser import Visitor, photograph, stored, text_of, view_faults
from tests.support.model_calls import answer_of, patiently
from tests.support.page_customer import SECRET, Customer, outside
from tests.support.page_routes import views
from tests.support.page_usage import STATES, CallTable

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

LOGGER: Final = logging.getLogger(__name__)
DEPOSIT: Final = "10"
SETTLED_MS: Final = 300_000.0
OTHER_PLAN: Final = 8
IS_OFFERED: Final = """async (plan) => (await (await fetch("/v1/plans")).json()).plans
  .some(({ plan_id, effective_at }) => plan_id === plan && Date.parse(effective_at) < Date.now())"""
CALLS: Final = 4
GATE_IS_BUSY: Final = "the server responded with a status of 503 (Service Unavailable) ({url}/v1/chat/completions)"
"""How Chromium logs that a call has to be made again."""
OF_ONE_CALL: Final = {Link.EVENT, Link.LOG_GROWTH}
"""Links that only a bundle of one call has, and only who has seen the log before."""
OUTCOMES: Final = """() => Object.fromEntries([...document.querySelectorAll(".check-step")].map((step) =>
  [step.querySelector(".check-name").textContent, step.classList[1]]))"""


@pytest.fixture(scope="module")
def alice(browser: Browser) -> Iterator[Customer]:
    """A customer with a subscription and the key that the page has made for it; there is another plan too."""
    outside(announce_other_plan)
    with Visitor.with_browser(browser) as visitor:
        customer = Customer.with_account(visitor, "Ada", "100")
        customer.connect()
        visitor.notes["key"] = customer.subscribe(DEPOSIT)
        visitor.notes["subscription"] = customer.subscription_id
        yield customer


def announce_other_plan() -> None:
    with LocalFlow.at() as flow:
        add_plan(LocalDeployer(flow, service_account()), PlanTerms(plan_id=OTHER_PLAN))


def amount_of(stat: str, customer: Customer) -> Locator:
    """The number that a view shows by this name."""
    return customer.page.locator(".stat").filter(has=customer.page.get_by_text(stat, exact=True)).locator(".stat-value")


def test_the_key_is_shown_once_and_kept_nowhere(alice: Customer) -> None:
    # Given the key of a new subscription, with an example that uses it
    key = alice.visitor.notes["key"]
    assert key in text_of(alice.page.locator("pre").first)
    photograph(alice.page, "start-with-key")
    # Then it is on no storage of the device, and a reload does not bring it back
    assert key not in stored(alice.page)
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


def test_another_plan_is_compared_and_accepted(alice: Customer) -> None:
    # Given another plan that is in force, and a page that is opened after that
    alice.visitor.open("/deposit")
    alice.page.wait_for_function(IS_OFFERED, arg=str(OTHER_PLAN))
    alice.page.reload()
    card = alice.action("Plan")
    other = card.locator(".plan").filter(has_text=f"Plan {OTHER_PLAN}, version 1")
    expect(other).to_contain_text("The same as now")
    # When it is chosen
    other.get_by_role("button", name="Change to this plan").click()
    expect(card).to_contain_text(f"on plan {OTHER_PLAN}, version 1. Usage up to the next settlement is still billed")
    alice.sign_in_card("Plan", f"The change to plan {OTHER_PLAN}, version 1 is accepted.")
    # Then the view says from when on it is in force
    expect(card).to_contain_text(f"Plan {OTHER_PLAN}, version 1, is accepted. It is in force from the next settlement")


def test_usage_is_pending_at_once_and_moves_on_to_settled_by_itself(alice: Customer, running: Facts) -> None:
    # Given the view of the usage
    alice.visitor.open("/usage")
    alice.visitor.settle()
    alice.page.get_by_text("Live", exact=True).wait_for()
    table = CallTable.watch(alice.page)
    alice.visitor.expected.append(GATE_IS_BUSY.format(url=running["litellm_url"]))
    # When calls are made, one after the other
    shown = [table.call(alice.visitor.notes["key"]) for _ in range(CALLS)]
    LOGGER.info("from the end of an answer to its usage on the screen: %s ms", [round(one) for one in shown])
    # Then each is told as pending, and the last goes on to settled, in order, without the view being loaded again
    row = alice.page.get_by_role("table", name="All calls, the newest first").get_by_role("row").nth(1)
    expect(row).to_contain_text(STATES[-1], timeout=SETTLED_MS)
    seen = table.states_of_newest()
    assert seen == [state for state in STATES if state in seen]
    assert (seen[0], seen[-1]) == (STATES[0], STATES[-1])
    # And nothing is on its way any more
    expect(alice.page.get_by_role("region", name="Where your usage is")).to_contain_text("epoch")
    alice.visitor.notes["epoch"] = row.get_by_role("link").inner_text()
    photograph(alice.page, "usage")


def test_an_epoch_shows_who_vouches_for_each_step(alice: Customer) -> None:
    # Given the statement that a call is in
    alice.visitor.open("/usage")
    alice.page.get_by_role("link", name=alice.visitor.notes["epoch"], exact=True).last.click()
    alice.page.get_by_role("heading", name="The statement", exact=True).wait_for()
    alice.visitor.settle()
    # Then its way is shown to the charge, in a view that anybody can read
    expect(alice.page.get_by_role("region", name="From use to charge").get_by_text("Who vouches").first).to_be_visible()
    assert view_faults(alice.page) == []
    photograph(alice.page, "epoch")


def test_a_bill_is_verified_in_the_browser_from_the_voters_to_the_charge(alice: Customer, running: Facts) -> None:
    # Given a bill that was charged, and a reader who knows the witnesses of the log
    open_check(alice)
    alice.page.get_by_text("What you trust already").click()
    alice.page.get_by_label("Witnesses of the log").fill(Path(running["log_policy"]).read_text())
    # When it is checked, with the single calls
    alice.page.get_by_role("button", name="Check this bill").click()
    alice.page.get_by_role("heading", name=re.compile("Everything fits|differs|Not everything")).wait_for()
    # Then every step is verified
    assert alice.page.evaluate(OUTCOMES) == dict.fromkeys(set(Link) - OF_ONE_CALL, "verified")
    assert view_faults(alice.page) == []
    photograph(alice.page, "check-verified")


@pytest.mark.parametrize(
    ("document", "before", "broken"),
    [
        ("statements/{epoch}", '"total_rated_microtokens":"', Link.STATEMENT),
        ("statements/{epoch}/attestation", '"response":"0x', Link.RESPONSE),
        ("pages/*", "flareflow-usage/1", Link.USAGE_PAGE),
        ("pages/*", "flareflow-page/1", Link.SETTLEMENT_PAGE),
        ("price-books/*", '"completion":', Link.PRICE_BOOK),
    ],
    ids=lambda value: value if isinstance(value, Link) else "",
)
def test_a_document_with_one_byte_changed_is_found_out_by_its_step(
    alice: Customer, document: str, before: str, broken: Link
) -> None:
    # Given a host that serves a document with another digit in it
    def tamper(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=with_other_digit(answer.text(), before))

    epoch = alice.visitor.notes["epoch"].zfill(10)
    alice.page.route(f"**/v1/{document.format(epoch=epoch)}", tamper)
    # When the bill is checked
    open_check(alice)
    alice.page.get_by_role("button", name="Check this bill").click()
    alice.page.get_by_role("heading", name="Something differs").wait_for()
    alice.page.unroute_all()
    # Then the step is named that compares this document, before all others
    first = alice.page.locator(".check-step.differs").first
    expect(first.locator(".check-name")).to_have_text(broken)
    expect(alice.page.locator(".outcome")).to_contain_text(text_of(first.locator("h4")).removesuffix(" : differs"))
    if broken is Link.STATEMENT:
        photograph(alice.page, "check-differs")


def open_check(customer: Customer) -> None:
    """Open the check of the bill of the settled calls, with nothing left of the check before."""
    customer.visitor.open("/how")
    customer.visitor.open(f"/check?epoch={customer.visitor.notes['epoch']}")
    customer.page.get_by_label("With my single calls").wait_for()


def with_other_digit(text: str, before: str) -> str:
    """The text with another digit in the place of the first one after these words; unchanged where it lacks them."""
    if before not in text:
        return text
    begin = text.index(before) + len(before)
    at = next(place for place in range(begin, len(text)) if text[place].isdigit())
    return f"{text[:at]}{'2' if text[at] == '1' else '1'}{text[at + 1 :]}"


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
    answers = [patiently("GET", models, key) for key in (old, new)]
    assert [answer.status_code for answer in answers] == [200, 200]
    alice.page.get_by_text(re.compile("Replaced by")).first.wait_for()


def test_a_revoked_key_calls_nothing(alice: Customer, running: Facts) -> None:
    # Given the key that was replaced
    alice.page.locator("li").filter(has_text="Replaced by").get_by_role("button", name=re.compile("^Revoke")).click()
    # When it is revoked
    alice.page.get_by_role("dialog").get_by_role("button", name="Revoke it").click()
    alice.page.get_by_text("is revoked").wait_for()
    # Then it is refused
    assert answer_of(running, alice.visitor.notes["key"]).status_code == 401


def test_a_top_up_is_signed_and_in_the_balance(alice: Customer) -> None:
    # Given a balance from which all usage so far is charged
    alice.visitor.open("/deposit")
    balance = Decimal(text_of(amount_of("Balance", alice)).removesuffix(" FLOW"))
    # When the deposit is topped up
    card = alice.action("Top up")
    card.get_by_label("Amount").fill("2")
    card.get_by_role("button", name="Review").click()
    expect(card).to_contain_text("2.00 FLOW move from your wallet into the deposit.")
    alice.sign_in_card("Top up", "2.00 FLOW are in the deposit.")
    # Then the balance is so much higher
    expect(amount_of("Balance", alice)).to_have_text(f"{balance + 2} FLOW")
    expect(amount_of("Paid in", alice)).to_have_text("12.00 FLOW")


def test_a_cap_and_a_limit_of_one_settlement_are_signed_and_shown(alice: Customer) -> None:
    # When a cap is set, Then it is in force
    alice.visitor.open("/deposit")
    card = alice.action("Spend cap")
    card.get_by_label("Most in 30 days").fill("25")
    card.get_by_role("button", name="Review").click()
    expect(card).to_contain_text("It moves no money.")
    alice.sign_in_card("Spend cap", "The spend cap is 25.00 FLOW in 30 days.")
    expect(card).to_contain_text(re.compile(r"of 25\.00 FLOW charged in this period"), timeout=SETTLED_MS)
    # When a limit is set, Then it is in force
    card = alice.action("Limit of one settlement")
    card.get_by_label("New limit").fill("5")
    card.get_by_role("button", name="Review").click()
    expect(card).to_contain_text("What exceeds it stays owed, and later settlements charge it.")
    alice.sign_in_card("Limit of one settlement", "One settlement charges 5.00 FLOW at most.")
    expect(card).to_contain_text("may charge 5.00 FLOW at most")


@pytest.mark.parametrize("view", views("account"))
def test_a_view_of_the_account_is_accessible_and_within_its_window(alice: Customer, view: str) -> None:
    alice.visitor.open(view)
    alice.visitor.settle()
    assert view_faults(alice.page) == []
    photograph(alice.page, f"account{view.replace('/', '-')}")


def test_whoever_leaves_can_stay_after_all(alice: Customer) -> None:
    # Given a subscriber who announces to leave
    alice.visitor.open("/deposit")
    title = "Leave and take out"
    card = alice.action(title)
    card.get_by_role("button", name="Leave", exact=True).click()
    alice.sign_in_card(title, "After it you can take out what is left.")
    expect(alice.page.get_by_text("You are leaving: keys make no calls.")).to_be_visible()
    # When they change their mind
    card.get_by_role("button", name="Stay after all").click()
    alice.sign_in_card(title, "The subscription goes on.")
    # Then all is as before
    expect(card.get_by_role("button", name="Leave", exact=True)).to_be_visible()
    expect(alice.page.get_by_text("You are leaving: keys make no calls.")).to_have_count(0)


def test_an_exit_counts_down_and_ends_with_the_money_in_the_wallet(alice: Customer) -> None:
    # Given a subscriber who leaves, and sees how long the notice still lasts
    alice.visitor.open("/deposit")
    title = "Leave and take out"
    card = alice.action(title)
    card.get_by_role("button", name="Leave", exact=True).click()
    expect(card).to_contain_text("From now on its keys make no more calls.")
    alice.sign_in_card(title, "After it you can take out what is left.")
    expect(card).to_contain_text(re.compile("You can take out your balance in|The notice is over"))
    # When it is over, Then a part can be taken out, and the rest with the end of the subscription
    card.get_by_label("A part of it").fill("3")
    card.get_by_role("button", name="Take out a part").click()
    expect(card).to_contain_text("It pays 3.00 FLOW of subscription")
    alice.sign_in_card(title, "3.00 FLOW are in your wallet.")
    expect(alice.page.get_by_text("3.00 FLOW taken out")).to_be_visible()
    card.get_by_role("button", name="Close and take out all").click()
    expect(card).to_contain_text("for good and pays the whole balance, in FLOW, to your wallet")
    alice.sign_in_card(title, "The subscription is closed, and its balance is in your wallet.")
    # Then the subscription is closed and says what came back
    expect(card).to_contain_text("This subscription is closed", timeout=SETTLED_MS)
    expect(amount_of("Balance", alice)).to_have_text("0.00 FLOW")
