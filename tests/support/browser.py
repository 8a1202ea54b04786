"""People in front of Chromium: each has a browser of their own, in which nothing may go wrong unnoticed."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Route,
    expect,
    sync_playwright,
)
from playwright.sync_api import Error as BrowserError

from infra.local.ports import HOST, url
from infra.paths import LOCAL, ROOT

CHROMIUM: Final = "/usr/bin/chromium"
ARGUMENTS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
AXE: Final = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS: Final = LOCAL / "screenshots"
WIDTHS: Final = {360: 780, 768: 1024, 1440: 900}
"""Of the screenshots, with the height of each."""
NARROW_WIDTHS: Final = {640: 450, 320: 256}
"""What a window of 1280 px leaves at 200 % and at 400 %, with the height of each."""
THEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
STOPS_MAX: Final = 60
"""Of the tabulator key, on the way to one element."""
PATIENCE_SECONDS: Final = 240.0
"""How long a browser waits for what it expects: only a page that never does it is waited for this long."""
WALLETS_OWN_FAULT: Final = "Event"
"""What the wallet's dialog throws because the editor that it shows code in is on a public network."""

FCLS_ADVICE: Final = "FCL WalletConnect Service Plugin"
"""What FCL logs as an error where a page has no project at WalletConnect."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_SECONDS * 1_000)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS])
        try:
            yield browser
        finally:
            browser.close()


@dataclass(frozen=True)
class Wallet:
    """The development wallet, as FCL has opened it in the page."""

    page: Page

    @property
    def _frame(self) -> Any:
        return self.page.frame_locator("#FCL_IFRAME")

    def choose(self, name: str) -> None:
        """Connect with the account of this name."""
        self._frame.get_by_role("button", name=name).first.click()

    def approve(self) -> None:
        self._frame.get_by_role("button", name="Approve", exact=True).click()

    def decline(self) -> None:
        self._frame.get_by_role("button", name="Decline").click()

    def close(self) -> None:
        """Close the dialog with its cross."""
        self._frame.get_by_role("dialog").locator("button").first.click()


@dataclass
class Visitor:
    """Somebody with a browser of their own.

    `faults`: what the page has logged as an error, thrown, or asked of a host other than those of the stack.
    `expected`: parts of faults that the test has brought about.
    """

    context: BrowserContext
    page: Page
    faults: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    """What the visitor has written down, for a test that goes on from there."""

    @classmethod
    def with_browser(cls, browser: Browser) -> "Visitor":
        """A visitor who has never been here."""
        context = browser.new_context(
            base_url=url("gateway_http"), reduced_motion="reduce", viewport={"width": 1280, "height": 900}
        )
        context.set_default_timeout(PATIENCE_SECONDS * 1_000)
        visitor = cls(context, context.new_page())
        context.route(_is_elsewhere, visitor._refuse)
        visitor.page.on("console", visitor._note_console)
        visitor.page.on("pageerror", visitor._note_error)
        return visitor

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.context.close()
        if kind is None:
            self.check()

    @property
    def wallet(self) -> Wallet:
        return Wallet(self.page)

    def open(self, view: str = "/") -> None:
        """Open a view of the page by its address."""
        self.page.goto(f"/#{view}")

    def settle(self) -> None:
        """Wait until the view has loaded what it shows."""
        self.page.get_by_role("heading", level=1).first.wait_for()
        self.page.wait_for_function("() => document.querySelector('[aria-busy=true], .skeleton') === null")

    def check(self) -> None:
        """Fail where anything went wrong that no test has brought about."""
        unexpected = [fault for fault in self.faults if not any(part in fault for part in self.expected)]
        assert not unexpected, "\n".join(unexpected)

    def _note_console(self, message: ConsoleMessage) -> None:
        source = message.location.get("url", "")
        is_of_wallet = source.startswith(url("wallet")) or _is_elsewhere(source)
        if message.type == "error" and not is_of_wallet and FCLS_ADVICE not in message.text:
            self.faults.append(f"{message.text} ({source})")

    def _note_error(self, error: BrowserError) -> None:
        if error.message != WALLETS_OWN_FAULT and url("wallet") not in (error.stack or ""):
            self.faults.append(error.stack or error.message)

    def _refuse(self, route: Route, request: Request) -> None:
        if not request.frame.url.startswith(url("wallet")):
            self.faults.append(f"the page asked {request.url}")
        route.abort()


def _is_elsewhere(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in {HOST, "localhost"}


def accessibility_faults(page: Page) -> list[str]:
    """What axe-core finds in the page as it is now: rule, impact and element."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:200]}\n  {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


def view_faults(page: Page) -> list[str]:
    """What is wrong with the view as it is now: its heading, what axe finds in either theme, what makes it too wide."""
    headings = page.get_by_role("heading", level=1).count()
    faults = [] if headings == 1 else [f"{headings} headings of level 1"]
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        faults += [f"{theme}: {fault}" for fault in accessibility_faults(page)]
    page.emulate_media(color_scheme="light")
    return faults + too_wide(page, NARROW_WIDTHS | WIDTHS)


def too_wide(page: Page, sizes: Mapping[int, int]) -> list[str]:
    """What makes the page wider than its window, in windows of these widths and heights."""
    faults: list[str] = []
    before = page.viewport_size
    for width, height in sizes.items():
        page.set_viewport_size({"width": width, "height": height})
        faults += [f"too wide at {width} px: {element}" for element in overflows(page)]
    if before:
        page.set_viewport_size(before)
    return faults


def photograph(page: Page, name: str) -> None:
    """Keep pictures of the view as it is now, at three widths and in both themes."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.evaluate("() => scrollTo(0, 0)")
    before = page.viewport_size
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{theme}.png", full_page=True, animations="disabled")
    page.emulate_media(color_scheme="light")
    if before:
        page.set_viewport_size(before)


def photograph_failure(page: Page, name: str) -> str:
    """Keep a picture of the page after a test has failed; the text that it shows, or why the browser tells none."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    try:
        page.screenshot(path=SCREENSHOTS / f"failed-{re.sub(r'[^a-z0-9-]+', '-', name.lower())}.png", full_page=True)
        return page.inner_text("body")
    except BrowserError as error:
        return error.message


def overflows(page: Page) -> list[str]:
    """The elements that make the page wider than its window."""
    script = """() => {
      const wide = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= wide) return [];
      return [...document.querySelectorAll("body *")]
        .filter((one) => one.getBoundingClientRect().right > wide + 1)
        .slice(0, 5)
        .map((one) => one.outerHTML.slice(0, 160));
    }"""
    found: list[str] = page.evaluate(script)
    return found


def focus_order(page: Page, stops: int) -> list[str]:
    """The names of the next elements that the tabulator key reaches."""
    return [_next_stop(page) for _ in range(stops)]


def tab_to(page: Page, name: str) -> None:
    """Press the tabulator key until the focus is on the element of this name.

    Fails where it is not among the next `STOPS_MAX`.
    """
    passed: list[str] = []
    while (reached := _next_stop(page)) != name:
        passed.append(reached)
        assert len(passed) < STOPS_MAX, f"the tabulator key reaches no {name!r}, but {passed}"


def _next_stop(page: Page) -> str:
    """Press the tabulator key; the name of the element that has the focus then, empty if there is none."""
    page.keyboard.press("Tab")
    script = """() => {
      const one = document.activeElement;
      if (one === document.body) return "";
      return (one.getAttribute("aria-label") ?? one.labels?.[0]?.innerText ?? one.innerText ?? "").trim();
    }"""
    return str(page.evaluate(script))


def moving(page: Page) -> list[str]:
    """The elements that are animated at this moment."""
    script = """() => document.getAnimations()
      .filter((one) => one.playState === "running" && one.effect.getComputedTiming().duration > 1)
      .map((one) => one.effect.target.outerHTML.slice(0, 160))"""
    found: list[str] = page.evaluate(script)
    return found


def stored(page: Page) -> str:
    """All that the page keeps on the device, as one text: storages, and the names of databases and caches."""
    script = """async () => ({
      storages: [{...localStorage}, {...sessionStorage}],
      databases: await indexedDB.databases(),
      caches: await caches.keys(),
    })"""
    return json.dumps(page.evaluate(script))


def text_of(locator: Locator) -> str:
    return " ".join(locator.inner_text().split())
