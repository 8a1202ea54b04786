"""What LiteLLM logs of calls of every kind, and that each is billed once, for what was delivered, to the right key."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from flareflow.adapters.litellm.client import litellm_client
from flareflow.adapters.litellm.key_spend import LiteLLMKeySpend
from flareflow.adapters.litellm.spend_log import LiteLLMSpendLog
from flareflow.metering.call_types import known_call_types
from flareflow.metering.calls import LoggedCall, Tokens
from flareflow.metering.models import Window
from flareflow.metering.polling import POLLED
from flareflow.metering.reading import ReadSlice
from flareflow.metering.rows import Slice
from flareflow.metering.sorting import SortRows
from flareflow.metering.spent import Spent
from flareflow.time import Deadline
from infra.local.litellm.servers import KIT
from tests.fakes.metering import FakeKeyDirectory
from tests.fakes.spend_log import FakeCases, FakeReadingProgress, FakeRowCounter
from tests.support.days import within_one_day
from tests.support.eventually import WAIT_SECONDS_MAX, eventually
from tests.support.litellm import MASTER_KEY, Proxy, litellm_proxy, virtual_key
from tests.support.model_calls import patiently

pytestmark = pytest.mark.stack

BROKEN = "gpt-4-turbo"
"""A model whose provider cannot be reached; another one answers for it."""
THINKING = "gpt-4"
"""A model that thinks before it writes, as LiteLLM knows of the provider's."""
TRANSLATED = "claude-3-5-haiku"
"""A model whose provider has only chat, so that LiteLLM translates its other APIs into that."""
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """The local configuration with models of three more kinds, two retries, and a cache."""
    configuration: dict[str, Any] = yaml.safe_load((KIT / "config.yaml").read_text())
    unreachable = {"model": f"openai/{BROKEN}", "api_base": "http://127.0.0.1:9/v1", "api_key": "none"}
    of_upstream = {"api_base": "os.environ/FAKE_UPSTREAM", "api_key": "none", "max_retries": 0}
    configuration["model_list"] += [
        {"model_name": BROKEN, "litellm_params": unreachable},
        {"model_name": THINKING, "litellm_params": {"model": "openai/o3-mini", **of_upstream}},
        {"model_name": "openai/*", "litellm_params": {"model": "openai/*", **of_upstream}},
        {"model_name": TRANSLATED, "litellm_params": {"model": "hosted_vllm/haiku", **of_upstream}},
    ]
    configuration["router_settings"] |= {"num_retries": 2, "fallbacks": [{BROKEN: ["claude-3-haiku"]}]}
    configuration["litellm_settings"] |= {"cache": True, "cache_params": {"type": "local"}}
    path: Path = tmp_path_factory.mktemp("litellm") / "config.yaml"
    path.write_text(yaml.safe_dump(configuration))
    with litellm_proxy(path) as running:
        yield running


@dataclass
class Metering:
    """What is billed of the real spend log, from the moment of a test on."""

    proxy: Proxy
    keys: FakeKeyDirectory
    since: datetime = field(default_factory=lambda: datetime.now(UTC) - SECOND)
    counter: FakeRowCounter = field(default_factory=FakeRowCounter)
    cases: FakeCases = field(default_factory=FakeCases)

    def read(self) -> None:
        now = datetime.now(UTC)
        with litellm_client(self.proxy.admin_url, lambda: MASTER_KEY) as client:
            sort = SortRows(self.keys, self.counter, self.cases, known_call_types())
            read = ReadSlice(LiteLLMSpendLog(client), sort, self.cases, FakeReadingProgress())
            for listing in POLLED:
                read.run(Slice(Window(self.since, now), listing), now, Deadline(now + timedelta(minutes=1)))

    def billed(self, key: str, count: int = 1) -> list[LoggedCall]:
        """The calls of a key, once there are so many, in the order of their start."""
        key_hash = hashlib.sha256(key.encode()).hexdigest()

        def look() -> list[LoggedCall] | None:
            self.read()
            found = [row.call for row in self.counter.rows.values() if row.call.key_hash == key_hash]
            return sorted(found, key=lambda call: call.started_at) if len(found) >= count else None

        return eventually(look)


@pytest.fixture
def key(proxy: Proxy) -> str:
    """A key of the test's own, so that what other tests have called does not count."""
    return virtual_key()


@pytest.fixture
def metering(proxy: Proxy, key: str) -> Metering:
    return Metering(proxy, FakeKeyDirectory(known={hashlib.sha256(key.encode()).hexdigest(): 1}))


def call(proxy: Proxy, key: str, prompt: str, **parameters: object) -> httpx.Response:
    body = {"model": "gpt-4o", "max_tokens": 9, "messages": [{"role": "user", "content": prompt}], **parameters}
    return patiently("POST", f"{proxy.url}/v1/chat/completions", key, body)


@pytest.mark.parametrize("options", [{}, {"stream_options": {"include_usage": True}}])
def test_a_stream_is_billed_for_what_it_used(
    proxy: Proxy, key: str, metering: Metering, options: dict[str, object]
) -> None:
    call(proxy, key, "three words here", stream=True, **options).raise_for_status()
    [one] = metering.billed(key)
    assert (one.tokens, one.model, one.failed) == (Tokens(prompt=3, completion=9), "gpt-4o", False)


def test_a_stream_that_the_caller_breaks_off_is_billed(proxy: Proxy, key: str, metering: Metering) -> None:
    # Given a stream of which the caller reads only the beginning
    body = {"model": "gpt-4o", "max_tokens": 400, "stream": True}
    body["messages"] = [{"role": "user", "content": "slowly please pause=0.02"}]
    url, headers = f"{proxy.url}/v1/chat/completions", {"authorization": f"Bearer {key}"}
    with httpx.stream("POST", url, json=body, headers=headers, timeout=WAIT_SECONDS_MAX) as answer:
        for _ in zip(range(20), answer.iter_lines(), strict=False):
            pass
    # When its row is there, Then something is billed, and not the whole answer
    [one] = metering.billed(key)
    assert 0 < one.tokens.completion < 400


def test_a_stream_that_the_provider_breaks_off_is_billed(proxy: Proxy, key: str, metering: Metering) -> None:
    call(proxy, key, "break=5 three words", stream=True)
    [one] = metering.billed(key)
    assert one.tokens.total > 0


def test_an_answer_whose_provider_tells_no_usage_is_recorded_by_its_text(
    proxy: Proxy, key: str, metering: Metering
) -> None:
    # Given an answer of nine words, for which LiteLLM tells and logs a usage of zero
    call(proxy, key, "usage=none three words").raise_for_status()
    assert [one.tokens for one in metering.billed(key)] == [Tokens()]
    # Then the gate has counted the text
    [recorded] = eventually(lambda: proxy.recorded(key))
    assert recorded.prompt > 0
    assert recorded.completion >= 9


def test_a_list_of_models_is_not_called_where_a_pattern_covers_its_beginning(proxy: Proxy, key: str) -> None:
    served_before = proxy.served()
    assert call(proxy, key, "one", model="openai/gpt-3.5-turbo,claude-3-opus").status_code == 404
    assert call(proxy, key, "one", model="openai/gpt-3.5-turbo").status_code == 200
    assert proxy.served() - served_before == 1


def test_a_fallback_is_billed_by_the_model_that_answered(proxy: Proxy, key: str, metering: Metering) -> None:
    # Given a model that cannot be reached, and is tried again twice
    answer = call(proxy, key, "three words here", model=BROKEN)
    assert answer.status_code == 200
    # Then one call of the model that answered is billed
    [one] = metering.billed(key)
    assert (one.model, one.tokens) == ("claude-3-haiku", Tokens(prompt=3, completion=9))


def test_a_retry_that_succeeds_on_the_same_model_is_billed_once(proxy: Proxy, key: str, metering: Metering) -> None:
    # Given a provider that fails once and answers the retry
    served_before = proxy.served()
    call(proxy, key, f"once={key[-9:]} three words").raise_for_status()
    # Then one call is billed, also once everything that LiteLLM writes of it is there
    [one] = metering.billed(key)
    assert (one.model, one.tokens, one.failed) == ("gpt-4o", Tokens(prompt=3, completion=9), False)
    call(proxy, key, "a later call, whose row comes last").raise_for_status()
    assert len(metering.billed(key, 2)) == 2
    assert proxy.served() - served_before == 2
    assert proxy.recorded(key) == [Tokens(prompt=3, completion=9), Tokens(prompt=7, completion=9)]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/responses", {"input": "words of responses", "max_output_tokens": 20}),
        ("/v1/messages", {"messages": [{"role": "user", "content": "words of messages"}], "max_tokens": 20}),
    ],
)
@pytest.mark.parametrize("how", [{"stream": False}, {"stream": True}, {"model": TRANSLATED}])
def test_an_api_that_litellm_translates_into_another_is_billed_once(
    proxy: Proxy, metering: Metering, path: str, body: dict[str, object], how: dict[str, object]
) -> None:
    # Given a call whose provider is asked by another API than the caller uses
    key = virtual_key()
    metering.keys.known = {hashlib.sha256(key.encode()).hexdigest(): 1}
    patiently("POST", f"{proxy.url}{path}", key, {"model": "gpt-4o", **body, **how}).raise_for_status()
    # When everything that LiteLLM writes of it is there
    call(proxy, key, "a later call, whose row comes last").raise_for_status()
    first, *others = metering.billed(key, 2)
    # Then it is billed once
    assert (first.tokens, len(others)) == (Tokens(prompt=3, completion=20), 1)


def test_what_a_model_thought_unseen_is_billed_when_the_caller_hangs_up_long_before_the_end(
    proxy: Proxy, key: str, metering: Metering
) -> None:
    # Given a model that thinks 500 tokens and writes 80 words in 8 seconds or more, of which a caller reads the first
    body = {"model": THINKING, "max_completion_tokens": 80, "stream": True}
    body["messages"] = [{"role": "user", "content": "thinks=500 pause=0.1"}]
    url, headers = f"{proxy.url}/v1/chat/completions", {"authorization": f"Bearer {key}"}
    with httpx.stream("POST", url, json=body, headers=headers, timeout=WAIT_SECONDS_MAX) as answer:
        next(answer.iter_lines())
    # When its row is there
    [one] = metering.billed(key)
    # Then both witnesses have all of it
    assert one.tokens == Tokens(prompt=2, completion=80, reasoning=500)
    assert eventually(lambda: proxy.recorded(key)) == [one.tokens]


def test_a_null_character_costs_no_row(proxy: Proxy, key: str, metering: Metering) -> None:
    # Given a call that names a user whom LiteLLM's database could not store, and another one
    call(proxy, key, "three words here", user="a\0b").raise_for_status()
    call(proxy, key, "four words are here", user="c").raise_for_status()
    # Then both have their rows
    assert [one.tokens.prompt for one in metering.billed(key, 2)] == [3, 4]


def test_an_upstream_that_fails_bills_nobody(proxy: Proxy, key: str, metering: Metering) -> None:
    assert call(proxy, key, "boom").status_code == 500
    call(proxy, key, "three words here").raise_for_status()
    assert len(metering.billed(key)) == 1
    metering.read()
    assert len(metering.counter.rows) == 1


def test_an_answer_from_the_cache_is_billed_like_any_other(proxy: Proxy, key: str, metering: Metering) -> None:
    for _ in range(2):
        call(proxy, key, "the same four words", temperature=0).raise_for_status()
    first, second = metering.billed(key, 2)
    assert first.tokens == second.tokens == Tokens(prompt=4, completion=9)
    assert (first.cost_nanousd, second.upstream_id) == (4 * 2_500 + 9 * 10_000, None)


def test_calls_of_a_deleted_key_are_billed(proxy: Proxy, key: str, metering: Metering) -> None:
    call(proxy, key, "three words here").raise_for_status()
    administer(proxy, "/key/delete", {"keys": [hashlib.sha256(key.encode()).hexdigest()]})
    [one] = metering.billed(key)
    assert one.tokens == Tokens(prompt=3, completion=9)


def test_both_keys_of_a_rotation_are_billed_to_their_subscription(proxy: Proxy, key: str, metering: Metering) -> None:
    # Given a key that is replaced by another one in the middle of a window
    call(proxy, key, "three words here").raise_for_status()
    other = virtual_key()
    metering.keys.known[hashlib.sha256(other.encode()).hexdigest()] = 1
    call(proxy, other, "four words are here").raise_for_status()
    administer(proxy, "/key/delete", {"keys": [hashlib.sha256(key.encode()).hexdigest()]})
    # Then the calls of both are billed
    assert [one.tokens.prompt for one in metering.billed(key) + metering.billed(other)] == [3, 4]
    assert metering.counter.tokens(1) == 3 + 4 + 18


def test_litellms_own_numbers_are_those_that_are_billed(proxy: Proxy, key: str, metering: Metering) -> None:
    # Given two calls of a key on one day, with prompts that no other test has, so that the cache does not answer
    within_one_day(timedelta(minutes=5))
    for prompt in ("what did it count", "what does the provider ask"):
        call(proxy, key, prompt).raise_for_status()
    cost = sum(one.cost_nanousd or 0 for one in metering.billed(key, 2))
    # When LiteLLM is asked what it has counted, Then it comes to the same, by day and in all
    key_hash = hashlib.sha256(key.encode()).hexdigest()
    with litellm_client(proxy.admin_url, lambda: MASTER_KEY) as client:
        spend, today = LiteLLMKeySpend(client), datetime.now(UTC).date()
        assert eventually(lambda: spend.of_day(today).get(key_hash) == Spent(2, cost))
        assert eventually(lambda: spend.of_all_time().get(key_hash) == Spent(0, cost))


def administer(proxy: Proxy, path: str, body: dict[str, object]) -> None:
    headers = {"authorization": f"Bearer {MASTER_KEY}"}
    answer: Callable[..., httpx.Response] = httpx.post
    answer(proxy.admin_url + path, json=body, headers=headers, timeout=WAIT_SECONDS_MAX).raise_for_status()
