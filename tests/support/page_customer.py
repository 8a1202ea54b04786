"""What a customer does with the page, in the words that it shows."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from playwright.sync_api import Locator, Page

from flareflow.adapters.flow.json_cdc import UNITS_PER_TOKEN
from infra.local.flow.wallet import open_account
from tests.support.browser import Visitor

SECRET: Final = re.compile(r"^sk-\S+$")
SUBSCRIPTION: Final = re.compile(r"Subscription (\d+) is open")


@dataclass(frozen=True)
class Customer:
    """Somebody who is signed in; `name` is that of the account in the wallet."""

    visitor: Visitor
    name: str

    @classmethod
    def with_account(cls, visitor: Visitor, name: str, flow: str) -> Self:
        """Somebody with a new account in the wallet that holds so much FLOW."""
        with ThreadPoolExecutor(1) as pool:  # the browser's event loop runs in this thread
            pool.submit(open_account, name, int(Decimal(flow) * UNITS_PER_TOKEN)).result()
        return cls(visitor, name)

    @property
    def page(self) -> Page:
        return self.visitor.page

    def connect(self) -> None:
        """Sign in with the wallet."""
        self.visitor.open("/start")
        self.page.get_by_role("button", name="Connect wallet").click()
        self.visitor.wallet.choose(self.name)
        self.page.get_by_role("button", name="Account 0x").wait_for()

    def choose_deposit(self, amount: str) -> None:
        """Choose the plan that is offered first, and go on to the transaction."""
        self.page.get_by_label("Deposit", exact=True).fill(amount)
        self.page.get_by_role("button", name="Continue").click()

    def sign(self, within: Locator | None = None) -> None:
        """Sign the transaction that is shown, and wait until it is sealed."""
        place = within or self.page.locator("body")
        place.get_by_role("button", name="Sign in your wallet").click()
        self.visitor.wallet.approve()

    def subscribe(self, deposit: str) -> str:
        """Open a subscription; the key, which the page makes by itself and shows once."""
        self.choose_deposit(deposit)
        self.sign()
        return self.page.locator("code").filter(has_text=SECRET).first.inner_text()

    @property
    def subscription_id(self) -> str:
        found = SUBSCRIPTION.search(self.page.inner_text("main"))
        assert found is not None
        return found[1]

    def action(self, title: str) -> Locator:
        """The card of this title in which an owner decides something and signs it."""
        return self.page.get_by_role("region", name=title, exact=True)

    def sign_in_card(self, title: str) -> None:
        """Sign what a card shows, and go back to it when it is sealed."""
        card = self.action(title)
        self.sign(card)
        card.get_by_role("button", name="Done").click()
