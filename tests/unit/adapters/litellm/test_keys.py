"""LiteLLM's virtual keys, against answers recorded from the real proxy."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from flareflow.accounts.models import KeyLimits, KeyState
from flareflow.adapters.litellm.keys import ANSWER_BYTES_MAX, LiteLLMKeys
from flareflow.errors import KeyIssuerUnavailableError
from tests.fakes.accounts import ALICE
from tests.unit.adapters.litellm.bad_answers import BAD
from tests.unit.adapters.litellm.vectors import recorded

KEY_HASH = "66640efe2475554fd9d65e7c9d29b8e8590c0318fa1b90120a1dd867350d9b18"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def answering(status: int, body: object, seen: list[httpx.Request] | None = None) -> LiteLLMKeys:
    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return httpx.Response(status, json=body)

    return over(answer)


def over(answer: Callable[[httpx.Request], httpx.Response]) -> LiteLLMKeys:
    return LiteLLMKeys(httpx.Client(base_url="http://litellm", transport=httpx.MockTransport(answer)), lambda: NOW)


def answering_as(name: str) -> LiteLLMKeys:
    """LiteLLM that gives a recorded answer."""
    vector = recorded(name)
    return answering(vector["status"], vector["response"])


def test_a_new_key_can_only_call_models_and_names_its_subscription() -> None:
    # Given LiteLLM's answer to a new key
    vector = recorded("26_key_generate_llm_api")
    seen: list[httpx.Request] = []
    # When a key is issued
    issued = answering(200, vector["response"] | {"max_budget": 1.25}, seen).issue("flareflow-1", 7, ALICE, 1_250_000)
    # Then what was asked for is bounded, and the secret is not printed
    assert json.loads(seen[0].content) == {
        "key_alias": "flareflow-1",
        "key_type": "llm_api",
        "max_budget": 1.25,
        "metadata": {"subscription_id": 7, "flow_address": ALICE},
    }
    assert issued.secret == vector["response"]["key"]
    assert issued.secret not in repr(issued)


LIMITS = KeyLimits(("gpt-4o", "o1"), NOW + timedelta(hours=1), 60, 10_000)
TOLD = {"models": ["gpt-4o", "o1"], "expires": "2026-11-23T13:00:07Z", "rpm_limit": 60, "tpm_limit": 10_000}


def test_a_new_key_has_the_limits_that_its_owner_wants() -> None:
    response = recorded("26_key_generate_llm_api")["response"] | {"max_budget": 1.25} | TOLD
    seen: list[httpx.Request] = []
    answering(200, response, seen).issue("flareflow-1", 7, ALICE, 1_250_000, LIMITS)
    asked = json.loads(seen[0].content)
    wanted = {"models": ["gpt-4o", "o1"], "duration": "3600s", "rpm_limit": 60, "tpm_limit": 10_000}
    assert {name: asked[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    "told",
    [
        {"models": ["gpt-4o"]},
        {"models": []},
        {"expires": None},
        {"expires": "2026-11-23T14:00:00Z"},
        {"rpm_limit": None},
        {"tpm_limit": 10_001},
    ],
)
def test_a_key_with_other_limits_than_were_asked_for_is_refused(told: dict[str, object]) -> None:
    response = recorded("26_key_generate_llm_api")["response"] | {"max_budget": 1.25} | TOLD | told
    with pytest.raises(KeyIssuerUnavailableError, match="other limits"):
        answering(200, response).issue("flareflow-1", 7, ALICE, 1_250_000, LIMITS)


def test_a_key_ends_when_litellm_says_that_it_does() -> None:
    seen: list[httpx.Request] = []
    answering(200, {"token": KEY_HASH, "expires": "2026-11-23T12:59:30Z"}, seen).expire(
        KEY_HASH, NOW + timedelta(hours=1)
    )
    assert json.loads(seen[0].content) == {"key": KEY_HASH, "duration": "3600s"}


def test_a_taken_alias_is_refused() -> None:
    with pytest.raises(KeyIssuerUnavailableError, match="bad_request_error"):
        answering_as("05_dup_alias").issue("flareflow-1", 7, ALICE, 1_250_000)


@pytest.mark.parametrize("budget", [None, 1.26])
def test_a_key_without_the_budget_that_was_asked_for_is_refused(budget: float | None) -> None:
    response = recorded("26_key_generate_llm_api")["response"] | {"max_budget": budget}
    with pytest.raises(KeyIssuerUnavailableError):
        answering(200, response).issue("flareflow-1", 7, ALICE, 1_250_000)


@pytest.mark.parametrize(("token", "budget"), [(KEY_HASH, 1.26), ("0" * 64, 1.25)])
def test_a_budget_is_set_only_when_litellm_says_so(token: str, budget: float) -> None:
    answering(200, {"token": KEY_HASH, "max_budget": 1.25}).set_budget(KEY_HASH, 1_250_000)
    with pytest.raises(KeyIssuerUnavailableError):
        answering(200, {"token": token, "max_budget": budget}).set_budget(KEY_HASH, 1_250_000)


def test_a_hash_that_is_not_the_secrets_is_refused() -> None:
    with pytest.raises(KeyIssuerUnavailableError, match="SHA-256"):
        answering(200, {"key": "sk-K5pLr-OHhgk2f6SRl77UtQ", "token": "0" * 64, "max_budget": 1.25}).issue(
            "a", 7, ALICE, 1_250_000
        )


def test_an_answer_of_an_unknown_form_is_refused_and_not_shown() -> None:
    with pytest.raises(KeyIssuerUnavailableError) as refused:
        answering(200, {"key": "sk-K5pLr-OHhgk2f6SRl77UtQ", "token": 5, "max_budget": 1.25}).issue(
            "a", 7, ALICE, 1_250_000
        )
    assert "sk-" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_deleting_a_deleted_key_again_succeeds() -> None:
    answering_as("20_key_delete_again").delete(KEY_HASH)
    answering_as("20_key_delete_again").delete_alias("flareflow-1")
    answering_as("20_key_delete_alias").delete_alias("lifecycle")


def test_changing_a_key_that_does_not_exist_succeeds() -> None:
    for call in (block, unblock, set_budget, expire):
        call(answering_as("31_block_unknown"))


INFO: dict[str, object] = {"key": KEY_HASH, "info": {"blocked": False, "metadata": {"subscription_id": 7}}}


class Stub:
    """LiteLLM with one key: `info` is what it tells of it, `updates` what it was told."""

    def __init__(self, **info: object) -> None:
        self.info = {"blocked": None, "max_budget": 1.25, "metadata": {"subscription_id": 7}, **info}
        self.updates: list[dict[str, object]] = []

    def issuer(self) -> LiteLLMKeys:
        return over(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/key/info":
            return httpx.Response(200, json={"key": KEY_HASH, "info": self.info})
        assert request.url.path == "/key/update"
        changes = json.loads(request.content)
        assert changes.pop("key") == KEY_HASH
        self.updates.append(changes)
        self.info |= changes
        return httpx.Response(200, json={"token": KEY_HASH, **self.info})


def test_a_block_is_marked_as_flareflows_and_keeps_what_else_is_known_of_the_key() -> None:
    stub = Stub()
    block(stub.issuer())
    assert stub.updates == [{"blocked": True, "metadata": {"subscription_id": 7, "blocked_by": "flareflow"}}]
    assert stub.issuer().find(KEY_HASH) == KeyState(is_blocked=True, budget_microusd=1_250_000)
    unblock(stub.issuer())
    assert stub.updates[1:] == [{"blocked": False, "metadata": {"subscription_id": 7}}]


def test_the_block_of_an_administrator_is_told_and_neither_taken_over_nor_lifted() -> None:
    stub = Stub(blocked=True)
    block(stub.issuer())
    unblock(stub.issuer())
    assert stub.updates == []
    assert stub.issuer().find(KEY_HASH) == KeyState(is_blocked=True, budget_microusd=1_250_000, is_held=True)


def block(issuer: LiteLLMKeys) -> None:
    issuer.block(KEY_HASH)


def unblock(issuer: LiteLLMKeys) -> None:
    issuer.unblock(KEY_HASH)


def set_budget(issuer: LiteLLMKeys) -> None:
    issuer.set_budget(KEY_HASH, 1_250_000)


def expire(issuer: LiteLLMKeys) -> None:
    issuer.expire(KEY_HASH, NOW + timedelta(hours=1))


def issue(issuer: LiteLLMKeys) -> None:
    issuer.issue("flareflow-1", 7, ALICE, 1_250_000)


def delete(issuer: LiteLLMKeys) -> None:
    issuer.delete(KEY_HASH)


def delete_alias(issuer: LiteLLMKeys) -> None:
    issuer.delete_alias("flareflow-1")


def find(issuer: LiteLLMKeys) -> None:
    issuer.find(KEY_HASH)


CALLS: dict[str, list[Callable[[LiteLLMKeys], None]]] = {
    "/key/generate": [issue],
    "/key/delete": [delete, delete_alias],
    "/key/info": [find, block, unblock],
    "/key/update": [block, unblock, set_budget, expire],
}
"""Every path of LiteLLM and every call that depends on its answer."""


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(("path", "call"), [(path, call) for path, calls in CALLS.items() for call in calls])
def test_no_call_believes_a_bad_answer(path: str, call: Callable[[LiteLLMKeys], None], bad: str) -> None:
    # Given LiteLLM that answers everything well but this path
    def answer(request: httpx.Request) -> httpx.Response:
        return BAD[bad]() if request.url.path == path else httpx.Response(200, json=INFO)

    # When the call is made, Then it fails with the one error that makes callers try again
    with pytest.raises(KeyIssuerUnavailableError):
        call(over(answer))


@pytest.mark.parametrize("state", [{"token": KEY_HASH, "blocked": False}, {"token": "0" * 64, "blocked": True}])
def test_a_key_counts_as_blocked_only_when_litellm_says_so(state: dict[str, object]) -> None:
    with pytest.raises(KeyIssuerUnavailableError, match="another key, or another blocked"):
        answering(200, INFO | state).block(KEY_HASH)


def test_an_answer_of_more_bytes_than_the_limit_is_refused() -> None:
    # Given what LiteLLM tells of a key, padded to as many bytes as an answer may have
    answer = json.dumps(INFO).encode()
    longest = answer + b" " * (ANSWER_BYTES_MAX - len(answer))
    assert over(lambda _: httpx.Response(200, content=longest)).find(KEY_HASH)
    # When it has one byte more, then it is refused
    with pytest.raises(KeyIssuerUnavailableError, match="no answer"):
        over(lambda _: httpx.Response(200, content=longest + b" ")).find(KEY_HASH)


@pytest.mark.parametrize(
    ("info", "state"),
    [
        ({"blocked": None, "max_budget": 1.25}, KeyState(is_blocked=False, budget_microusd=1_250_000)),
        ({"blocked": True, "max_budget": None}, KeyState(is_blocked=True, is_held=True)),
        ({"blocked": True, "metadata": {"blocked_by": "flareflow"}}, KeyState(is_blocked=True)),
        ({"blocked": False, "status": "deleted"}, KeyState(is_deleted=True)),
        (
            {"models": ["gpt-4o"], "expires": "2026-11-23T13:00:00+00:00", "rpm_limit": 5, "tpm_limit": 900},
            KeyState(limits=KeyLimits(("gpt-4o",), NOW + timedelta(hours=1), 5, 900)),
        ),
    ],
)
def test_a_key_is_found_as_litellm_has_it(info: dict[str, object], state: KeyState) -> None:
    assert answering(200, {"key": KEY_HASH, "info": info}).find(KEY_HASH) == state


def test_a_key_that_litellm_does_not_have_is_not_found() -> None:
    assert answering_as("31_block_unknown").find(KEY_HASH) is None


@pytest.mark.parametrize("body", [{"key": "0" * 64, "info": {}}, {"key": KEY_HASH}, {}, []])
def test_an_answer_about_another_key_or_of_another_form_is_refused(body: object) -> None:
    with pytest.raises(KeyIssuerUnavailableError):
        answering(200, body).find(KEY_HASH)
