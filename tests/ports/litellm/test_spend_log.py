"""The `SpendLog` port, with the fake and with LiteLLM; and what the gate records."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from flareflow.adapters.litellm import spend_log as litellm
from flareflow.adapters.litellm.client import litellm_client
from flareflow.adapters.litellm.spend_log import LiteLLMSpendLog
from flareflow.entrypoints.gate_records import posted_records
from flareflow.errors import SpendLogUnavailableError
from flareflow.metering.calls import CallRecord, Ending, LoggedCall, Tokens
from flareflow.metering.models import Window
from flareflow.metering.ports import SpendLog
from flareflow.metering.rows import IN_OTHER_ORDERS, Listing
from tests.fakes.metering import KEY, NOW
from tests.fakes.spend_log import FakeSpendLog, logged_call
from tests.support.eventually import eventually
from tests.support.litellm import MASTER_KEY, PUSH_SECRET, Proxy, litellm_proxy

PAGE_ROWS = 3
PAGES_MAX = 20
SECOND = timedelta(seconds=1)


class Calls(Protocol):
    """A spend log, and a way to make the calls that it tells of."""

    @property
    def log(self) -> SpendLog: ...
    @property
    def key_hash(self) -> str: ...
    def now(self) -> datetime: ...
    def succeed(self, model: str, prompt_tokens: int, completion_tokens: int) -> None: ...
    def fail(self) -> None: ...


@dataclass
class FakeCalls:
    log: FakeSpendLog = field(default_factory=lambda: FakeSpendLog(page_rows=PAGE_ROWS))
    key_hash: str = KEY
    made: int = 0

    def now(self) -> datetime:
        return NOW + self.made * SECOND

    def succeed(self, model: str, prompt_tokens: int, completion_tokens: int) -> None:
        self.made += 1
        started_at, ended_at = self.now() - SECOND, self.now()
        call = logged_call(f"call-{self.made}", model=model, started_at=started_at)
        self.log.calls.append(replace(call, tokens=Tokens(prompt=prompt_tokens, completion=completion_tokens)))
        self.log.now = ended_at

    def fail(self) -> None:
        self.made += 1
        failed = logged_call(f"call-{self.made}", started_at=self.now() - SECOND, failed=True, cost_nanousd=0)
        self.log.calls.append(replace(failed, tokens=Tokens(prompt=1)))
        self.log.now = self.now()


@dataclass
class RealCalls:
    proxy: Proxy
    log: LiteLLMSpendLog

    @property
    def key_hash(self) -> str:
        return hashlib.sha256(self.proxy.virtual_key.encode()).hexdigest()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def succeed(self, model: str, prompt_tokens: int, completion_tokens: int) -> None:
        prompt = " ".join(["word"] * prompt_tokens)
        self.proxy.complete(model, prompt, completion_tokens).raise_for_status()

    def fail(self) -> None:
        assert self.proxy.complete("gpt-4o", "boom", 5).status_code == 500


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    with litellm_proxy() as running:
        yield running


@contextmanager
def spend_log(proxy: Proxy, master_key: str = MASTER_KEY) -> Iterator[LiteLLMSpendLog]:
    with litellm_client(proxy.admin_url, lambda: master_key) as client:
        yield LiteLLMSpendLog(client)


@pytest.fixture(params=["fake", pytest.param("litellm", marks=pytest.mark.stack)])
def calls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    monkeypatch.setattr(litellm, "PAGE_ROWS_MAX", PAGE_ROWS)
    if request.param == "fake":
        yield FakeCalls()
        return
    proxy: Proxy = request.getfixturevalue("proxy")
    time.sleep(1.1)  # windows are of whole seconds: let the calls of the test before be in another one
    with spend_log(proxy) as log:
        yield RealCalls(proxy, log)


def read(log: SpendLog, window: Window, listing: Listing = Listing.ANSWERED) -> list[LoggedCall]:
    """All pages until the last."""
    found: list[LoggedCall] = []
    for number in range(1, PAGES_MAX + 1):
        page = log.page(listing, window, number)
        assert page.set_aside == ()
        found += [row.call for row in page.rows]
        if page.is_last:
            return found
    raise AssertionError(f"more than {PAGES_MAX} pages")


def read_all(calls: Calls, since: datetime, wanted: int, listing: Listing = Listing.ANSWERED) -> list[LoggedCall]:
    """Everything since then, once there are as many calls as wanted."""

    def look() -> list[LoggedCall] | None:
        found = read(calls.log, Window(since, calls.now()), listing)
        return found if len(found) >= wanted else None

    return eventually(look)


def test_an_answered_call_is_listed_with_its_key_model_and_tokens(calls: Calls) -> None:
    since = calls.now()
    calls.succeed("claude-3-haiku", 30, 12)
    (call,) = read_all(calls, since, wanted=1)
    told = (call.key_hash, call.model, call.tokens, call.call_type, call.failed)
    assert told == (calls.key_hash, "claude-3-haiku", Tokens(prompt=30, completion=12), "acompletion", False)
    assert since - SECOND <= call.started_at <= call.ended_at <= calls.now()


def test_a_call_that_failed_is_listed_among_the_failures_with_its_tokens(calls: Calls) -> None:
    since = calls.now()
    calls.fail()
    calls.succeed("gpt-4o", 3, 2)
    (failed,) = read_all(calls, since, 1, Listing.FAILED_WITH_TOKENS)
    assert (failed.failed, failed.tokens.prompt > 0, failed.tokens.completion) == (True, True, 0)
    assert [call.tokens.prompt for call in read_all(calls, since, wanted=1)] == [3]
    assert read(calls.log, Window(since, calls.now()), Listing.FAILED_WITH_COST) == []


@pytest.mark.parametrize("listing", IN_OTHER_ORDERS)
def test_every_order_lists_all_calls_over_all_pages_each_once(calls: Calls, listing: Listing) -> None:
    # Given more calls than two pages hold
    since = calls.now()
    for tokens in range(1, 3 * PAGE_ROWS):
        calls.succeed("gpt-4.1-mini", tokens, 1)
    # When all pages are read
    found = read_all(calls, since, 3 * PAGE_ROWS - 1, listing)
    # Then every call is there once, in the order of their start (they also end and cost in that order)
    if listing is not Listing.BY_COST or not isinstance(calls, FakeCalls):
        assert [call.tokens.prompt for call in found] == list(range(1, 3 * PAGE_ROWS))
    assert len({call.request_id for call in found}) == len(found) == 3 * PAGE_ROWS - 1


def test_a_window_has_the_calls_that_started_in_it(calls: Calls) -> None:
    since = calls.now()
    calls.succeed("gpt-4o", 3, 2)
    (call,) = read_all(calls, since, wanted=1)
    start = call.started_at
    assert call in read(calls.log, Window(start, start))
    assert call not in read(calls.log, Window(start - 60 * SECOND, start - 5 * SECOND))
    assert call not in read(calls.log, Window(start + 5 * SECOND, start + 60 * SECOND))


def test_the_number_of_rows_of_a_window_is_told_without_reading_them(calls: Calls) -> None:
    since = calls.now()
    for _ in range(PAGE_ROWS + 1):
        calls.succeed("gpt-4o", 3, 2)
    calls.fail()
    read_all(calls, since, PAGE_ROWS + 1)
    assert calls.log.count(Window(since, calls.now())) == PAGE_ROWS + 1
    assert calls.log.page(Listing.ANSWERED, Window(since, calls.now()), 1).total == PAGE_ROWS + 1


@pytest.mark.stack
def test_a_wrong_master_key_means_that_the_spend_log_is_unavailable(proxy: Proxy) -> None:
    with spend_log(proxy, "sk-not-the-master") as log, pytest.raises(SpendLogUnavailableError):
        log.page(Listing.ANSWERED, Window(NOW, NOW), 1)


@pytest.mark.stack
@pytest.mark.parametrize("stream", [False, True])
def test_the_gate_records_the_same_call_that_the_spend_log_lists(proxy: Proxy, stream: bool) -> None:
    # Given a call, streamed or not
    since = datetime.now(UTC)
    response = proxy.complete("gpt-3.5-turbo", "three words here", 9, stream=stream)
    call_id = response.headers["x-flareflow-event-id"]

    # When its record has been posted and its row is in the log
    record = eventually(lambda: [one for one in _recorded(proxy) if one.event_id == call_id])[0]
    with spend_log(proxy) as log:
        window = Window(since, datetime.now(UTC))
        listed = eventually(lambda: [call for call in read(log, window) if call.call_id == call_id])[0]
    # Then both say the same of it, and the record came with the secret
    assert (record.key_hash, record.model) == (listed.key_hash, listed.model)
    assert record.tokens == listed.tokens == Tokens(prompt=3, completion=9)
    assert (record.ending, record.tokens_are_estimated) == (Ending.COMPLETE, False)
    assert listed.cost_nanousd == 3 * 500 + 9 * 1_500
    assert proxy.pushes.authorizations == {f"Bearer {PUSH_SECRET}"}


def _recorded(proxy: Proxy) -> list[CallRecord]:
    posts = [posted_records(body, datetime.now(UTC)) for body in list(proxy.pushes.bodies)]
    assert all(post.set_aside == () for post in posts)
    return [record for post in posts for record in post.records]
