"""LiteLLM's virtual keys, against answers recorded from the real proxy."""

import json
from collections.abc import Callable

import httpx
import pytest

from flareflow.accounts.models import KeyState
from flareflow.adapters.litellm.keys import ANSWER_BYTES_MAX, LiteLLMKeys
from flareflow.errors import KeyIssuerUnavailableError
from tests.fakes.accounts import ALICE
from tests.unit.adapters.litellm.vectors import recorded

KEY_HASH = "66640efe2475554fd9d65e7c9d29b8e8590c0318fa1b90120a1dd867350d9b18"


def answering(status: int, body: object, seen: list[httpx.Request] | None = None) -> LiteLLMKeys:
    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return httpx.Response(status, json=body)

    return over(answer)


def over(answer: Callable[[httpx.Request], httpx.Response]) -> LiteLLMKeys:
    return LiteLLMKeys(httpx.Client(base_url="http://litellm", transport=httpx.MockTransport(answer)))


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


def test_blocking_and_unblocking_a_key_that_does_not_exist_succeeds() -> None:
    answering_as("31_block_unknown").block(KEY_HASH)
    answering_as("31_block_unknown").unblock(KEY_HASH)
    answering_as("20_key_block").block(KEY_HASH)
    answering_as("20_key_unblock").unblock(KEY_HASH)


CALLS: list[Callable[[LiteLLMKeys], object]] = [
    lambda issuer: issuer.issue("a", 7, ALICE, 1_250_000),
    lambda issuer: issuer.delete_alias("a"),
    lambda issuer: issuer.delete(KEY_HASH),
    lambda issuer: issuer.block(KEY_HASH),
    lambda issuer: issuer.unblock(KEY_HASH),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"error": {"type": "internal_server_error", "message": "boo"}}),
        (401, {"error": {"type": "auth_error", "message": "wrong master key"}}),
        (502, "not even an object"),
        (307, {}),
        (404, "a page of the proxy in front"),
        (200, "a page of the proxy in front"),
        (200, {"error": "a JSON object of another form"}),
    ],
)
def test_any_other_answer_means_that_litellm_is_unavailable(
    call: Callable[[LiteLLMKeys], object], status: int, body: object
) -> None:
    with pytest.raises(KeyIssuerUnavailableError):
        call(answering(status, body))


@pytest.mark.parametrize("state", [{"token": KEY_HASH, "blocked": False}, {"token": "0" * 64, "blocked": True}])
def test_a_key_counts_as_blocked_only_when_litellm_says_so(state: dict[str, object]) -> None:
    with pytest.raises(KeyIssuerUnavailableError, match="another key, or another state"):
        answering(200, state).block(KEY_HASH)


def test_an_answer_of_more_bytes_than_the_limit_is_refused() -> None:
    # Given LiteLLM's answer to a block, padded to as many bytes as an answer may have
    answer = json.dumps(recorded("20_key_block")["response"]).encode()
    longest = answer + b" " * (ANSWER_BYTES_MAX - len(answer))
    over(lambda _: httpx.Response(200, content=longest)).block(KEY_HASH)
    # When it has one byte more, then it is refused
    with pytest.raises(KeyIssuerUnavailableError, match="no answer"):
        over(lambda _: httpx.Response(200, content=longest + b" ")).block(KEY_HASH)


@pytest.mark.parametrize("call", CALLS)
def test_no_answer_means_that_litellm_is_unavailable(call: Callable[[LiteLLMKeys], object]) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(KeyIssuerUnavailableError):
        call(over(refuse))


@pytest.mark.parametrize(
    ("info", "state"),
    [
        ({"blocked": None, "max_budget": 1.25}, KeyState(is_blocked=False, budget_microusd=1_250_000)),
        ({"blocked": True, "max_budget": None}, KeyState(is_blocked=True, budget_microusd=None)),
        ({"blocked": False, "status": "deleted"}, None),
    ],
)
def test_a_key_is_found_as_litellm_has_it(info: dict[str, object], state: KeyState | None) -> None:
    assert answering(200, {"key": KEY_HASH, "info": info}).find(KEY_HASH) == state


def test_a_key_that_litellm_does_not_have_is_not_found() -> None:
    assert answering_as("31_block_unknown").find(KEY_HASH) is None


@pytest.mark.parametrize("body", [{"key": "0" * 64, "info": {}}, {"key": KEY_HASH}, {}, []])
def test_an_answer_about_another_key_or_of_another_form_is_refused(body: object) -> None:
    with pytest.raises(KeyIssuerUnavailableError):
        answering(200, body).find(KEY_HASH)
