"""What a customer does with the page, in the words that it shows."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from playwright.sync_api import Locator, Page, expect

from flareflow.adapters.flow.json_cdc import UNITS_PER_TOKEN
from infra.local.flow.wallet import open_account
from tests.support.browser import Visitor, tab_to

SECRET: Final = re.compile(r"^sk-\S+$")
SUBSCRIPTION: Final = re.compile(r"Subscription (\d+) is open")
BEFORE: Final = ("What it costs", "Network fee", "In your wallet")
"""What is told of every transaction before it is signed."""
ADDRESS: Final = "() => JSON.parse(localStorage['flareflow.session']).address"


def outside[T](work: Callable[[], T]) -> T:
    """What `work` returns; it waits for a server, and the browser's event loop runs in the thread of the test."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


@dataclass(frozen=True)
class Customer:
    """Somebody who is signed in; `name` is that of the account in the wallet."""

    visitor: Visitor
    name: str

    @classmethod
    def with_account(cls, visitor: Visitor, name: str, flow: str) -> Self:
        """Somebody with a new account in the wallet that holds so much FLOW."""
        outside(lambda: open_account(name, int(Decimal(flow) * UNITS_PER_TOKEN)))
        return cls(visitor, name)

    @property
    def page(self) -> Page:
        return self.visitor.page

    def connect(self) -> None:
        """Sign in with the wallet."""
        self.visitor.open("/start")
        self.page.get_by_role("button", name="Connect wallet").click()
        self.choose_account()

    def choose_account(self) -> None:
        """Choose the account in the wallet, and wait until the page is signed in with it."""
        self.visitor.wallet.choose(self.name)
        self.page.get_by_role("button", name="Account 0x").wait_for()

    def disconnect(self) -> None:
        """Sign out by the menu of the account."""
        self.page.get_by_role("button", name="Account 0x").click()
        self.page.get_by_role("button", name="Sign out and disconnect").click()
        self.page.get_by_role("button", name="Account 0x").wait_for(state="detached")

    def choose_deposit(self, amount: str) -> None:
        """Choose the plan that is offered first, and go on to the transaction."""
        self.page.get_by_label("Deposit", exact=True).fill(amount)
        self.page.get_by_role("button", name="Continue").click()

    def sign(self, within: Locator | None = None) -> None:
        """Sign the transaction that is shown; it says before what it does and costs, and then where it is."""
        place = within or self.page.locator("main")
        expect(place).to_contain_text(re.compile(".*".join(BEFORE), re.DOTALL))
        place.get_by_role("button", name="Sign in your wallet").click()
        expect(place).to_contain_text("Approve it in your wallet (in progress)")
        self.visitor.wallet.approve()

    def subscribe(self, deposit: str) -> str:
        """Open a subscription; the key, which the page makes by itself and shows once."""
        self.choose_deposit(deposit)
        self.sign()
        return self.first_key()

    def subscribe_by_keyboard(self, deposit: str) -> None:
        """Connect and open a subscription without a pointer, but for what happens in the wallet."""
        self.visitor.open("/start")
        self.visitor.settle()
        tab_to(self.page, "Connect wallet")
        self.page.keyboard.press("Enter")
        self.choose_account()
        self.page.get_by_label("Deposit", exact=True).wait_for()
        tab_to(self.page, "Deposit")
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(deposit)
        tab_to(self.page, "Continue")
        self.page.keyboard.press("Enter")
        self.page.get_by_role("button", name="Sign in your wallet").wait_for()
        tab_to(self.page, "Sign in your wallet")
        self.page.keyboard.press("Enter")
        self.visitor.wallet.approve()

    def first_key(self) -> str:
        return self.page.locator("code").filter(has_text=SECRET).first.inner_text()

    @property
    def subscription_id(self) -> str:
        found = SUBSCRIPTION.search(self.page.inner_text("main"))
        assert found is not None
        return found[1]

    @property
    def address(self) -> str:
        """The account's address, with 0x."""
        return str(self.page.evaluate(ADDRESS))

    def action(self, title: str) -> Locator:
        """The card of this title in which an owner decides something and signs it."""
        return self.page.get_by_role("region", name=title, exact=True)

    def sign_in_card(self, title: str, done: str) -> None:
        """Sign what a card shows, and go back to it when it is sealed and the card says what is done."""
        card = self.action(title)
        self.sign(card)
        expect(card).to_contain_text(done)
        expect(card).to_contain_text(re.compile(r"The network fee was 0\.\d+ FLOW"))
        card.get_by_role("button", name="Done").click()
