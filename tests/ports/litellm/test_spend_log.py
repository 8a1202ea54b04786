"""The `SpendLog` port, with the fake and with LiteLLM; and what LiteLLM pushes."""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from flareflow.adapters.litellm import spend_log as litellm
from flareflow.adapters.litellm.client import litellm_client
from flareflow.adapters.litellm.push import callback_record
from flareflow.adapters.litellm.spend_log import LiteLLMSpendLog
from flareflow.errors import SpendLogUnavailableError
from flareflow.metering.calls import CallRecord
from flareflow.metering.models import FinishedCall, Window
from flareflow.metering.ports import SpendLog
from tests.fakes.metering import KEY, NOW, FakeSpendLog
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
        call = FinishedCall(f"call-{self.made}", KEY, model, prompt_tokens, completion_tokens, 7, started_at, ended_at)
        self.log.calls.append(call)
        self.log.now = ended_at

    def fail(self) -> None:
        self.made += 1


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


def read(log: SpendLog, window: Window) -> list[FinishedCall]:
    """All pages until the last."""
    found: list[FinishedCall] = []
    for number in range(1, PAGES_MAX + 1):
        page = log.page(window, number)
        found += page.calls
        if page.is_last:
            return found
    raise AssertionError(f"more than {PAGES_MAX} pages")


def read_all(calls: Calls, since: datetime, wanted: int) -> list[FinishedCall]:
    """Everything since then, once there are as many calls as wanted."""

    def look() -> list[FinishedCall] | None:
        found = read(calls.log, Window(since, calls.now()))
        return found if len(found) >= wanted else None

    return eventually(look)


def test_a_finished_call_is_listed_with_its_key_model_and_tokens(calls: Calls) -> None:
    since = calls.now()
    calls.succeed("claude-3-haiku", 30, 12)
    (call,) = read_all(calls, since, wanted=1)
    told = (call.key_hash, call.model, call.prompt_tokens, call.completion_tokens)
    assert told == (calls.key_hash, "claude-3-haiku", 30, 12)
    assert since - SECOND <= call.started_at <= call.ended_at <= calls.now()


def test_a_call_that_failed_is_not_listed(calls: Calls) -> None:
    since = calls.now()
    calls.fail()
    calls.succeed("gpt-4o", 3, 2)
    assert [call.prompt_tokens for call in read_all(calls, since, wanted=1)] == [3]


def test_calls_come_oldest_first_over_all_pages_each_once(calls: Calls) -> None:
    # Given more calls than two pages hold
    since = calls.now()
    for tokens in range(1, 3 * PAGE_ROWS):
        calls.succeed("gpt-4.1-mini", tokens, 1)
    # When all pages are read
    found = read_all(calls, since, wanted=3 * PAGE_ROWS - 1)
    # Then every call is there once, in the order of their start
    assert [call.prompt_tokens for call in found] == list(range(1, 3 * PAGE_ROWS))
    assert len({call.litellm_call_id for call in found}) == len(found)


def test_a_window_has_the_calls_that_started_in_it(calls: Calls) -> None:
    since = calls.now()
    calls.succeed("gpt-4o", 3, 2)
    (call,) = read_all(calls, since, wanted=1)
    start = call.started_at
    assert call in read(calls.log, Window(start, start))
    assert call not in read(calls.log, Window(start - 60 * SECOND, start - 5 * SECOND))
    assert call not in read(calls.log, Window(start + 5 * SECOND, start + 60 * SECOND))


@pytest.mark.stack
def test_a_wrong_master_key_means_that_the_spend_log_is_unavailable(proxy: Proxy) -> None:
    with spend_log(proxy, "sk-not-the-master") as log, pytest.raises(SpendLogUnavailableError):
        log.page(Window(NOW, NOW), 1)


@pytest.mark.stack
@pytest.mark.parametrize("stream", [False, True])
def test_litellm_pushes_the_same_call_that_its_spend_log_lists(proxy: Proxy, stream: bool) -> None:
    # Given a call, streamed or not
    since = datetime.now(UTC)
    response = proxy.complete("gpt-3.5-turbo", "three words here", 9, stream=stream)
    call_id = response.headers["x-flareflow-event-id"]

    # When it was pushed and is in the log
    def this(calls: list[FinishedCall]) -> list[FinishedCall]:
        return [call for call in calls if call.litellm_call_id == call_id]

    pushed = eventually(lambda: [one for one in _pushed(proxy) if one.event_id == call_id])[0]
    with spend_log(proxy) as log:
        [told] = eventually(lambda: this(read(log, Window(since, datetime.now(UTC)))))
    # Then both say the same of it, and the push came with the secret
    assert (pushed.key_hash, pushed.model) == (told.key_hash, told.model)
    assert (pushed.tokens.prompt, pushed.tokens.completion) == (told.prompt_tokens, told.completion_tokens) == (3, 9)
    assert told.cost_nanousd == 3 * 500 + 9 * 1_500
    assert proxy.pushes.authorizations == {f"Bearer {PUSH_SECRET}"}


def _pushed(proxy: Proxy) -> list[CallRecord]:
    records = [callback_record(event) for body in list(proxy.pushes.bodies) for event in json.loads(body)]
    return [one for one in records if one is not None]
