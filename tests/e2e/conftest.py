"""One stack for all of these tests, and browsers for those of the page."""

import io
from collections.abc import Generator, Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser
from rich.console import Console

from infra.local import stack
from infra.local.launch import Facts
from infra.paths import PAGE
from tests.support.browser import Visitor, chromium, photograph_failure
from tests.support.page_customer import Customer

PORT_BASE: Final = "15000"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what everybody's browser shows when a test fails: a picture, and the text in the report."""
    report = yield
    if call.when == "call" and report.failed and isinstance(item, pytest.Function):
        for name, who in item.funcargs.items():
            if isinstance(who, Visitor | Customer):
                report.sections.append((f"page of {name}", photograph_failure(who.page, f"{item.name}-{name}")))
    return report


@pytest.fixture(scope="package")
def running() -> Iterator[Facts]:
    """A whole stack, on ports that only these tests use."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FLAREFLOW_PORT_BASE", PORT_BASE)
        try:
            yield stack.up(Console(file=io.StringIO()))
        finally:
            stack.down()


@pytest.fixture(scope="module")
def browser(running: Facts) -> Iterator[Browser]:
    """Chromium; for one module only, because an event loop runs in this thread as long as it is there."""
    assert running
    assert (PAGE / "index.html").exists(), "the page is not built: `make web` builds it"
    with chromium() as browser:
        yield browser


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    """Somebody who has never been here."""
    with Visitor.with_browser(browser) as visitor:
        yield visitor
