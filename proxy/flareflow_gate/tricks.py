"""Requests with which a caller could get from LiteLLM more than is billed, each with what its answer shows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

CHOSEN_ID: Final = "chosen-by-the-caller"
TOKENS: Final = 5

_OUT_OF_REACH: Final = {401, 403, 404, 405}

type Body = dict[str, Any]
type Answers = Sequence[httpx.Response]


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the proxy, as JSON."""

    path: str
    body: Body | None = None
    method: str = "POST"
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trick:
    """`requests` are sent one after the other; `let_through` tells from the answers whether the proxy allowed it."""

    name: str
    gain: str
    requests: tuple[Request, ...]
    let_through: Callable[[Answers], bool]


def answered(answers: Answers) -> bool:
    """Some request was answered at all, although it should have been refused."""
    return any(answer.is_success for answer in answers)


def answered_without_a_price(answers: Answers) -> bool:
    """A gate tells what a call cost; a pattern of its configuration may stand for names that have a price."""
    return any(answer.is_success and "x-flareflow-cost" not in answer.headers for answer in answers)


def took_the_id(answers: Answers) -> bool:
    """LiteLLM tells the call id that the caller chose."""
    return any(answer.headers.get("x-litellm-call-id") == CHOSEN_ID for answer in answers)


def read_the_query(answers: Answers) -> bool:
    """The query asked for two choices, the body for one."""
    return any(answer.is_success and len(answer.json().get("choices", ())) > 1 for answer in answers)


def showed_costs(answers: Answers) -> bool:
    return any("x-litellm-response-cost" in answer.headers for answer in answers)


def is_served(answers: Answers) -> bool:
    """The route exists, and a virtual key may use it; even where the empty request of the trick is refused."""
    return any(answer.status_code not in _OUT_OF_REACH for answer in answers)


def honest(model: str) -> Request:
    """A call that has to be answered and billed."""
    return Request("/v1/chat/completions", _chat(model))


def tricks(model: str) -> tuple[Trick, ...]:
    """All of them, with calls of `model`; an answered one costs a few tokens."""
    return (*_unlogged(model), *_ids(model), *_more_than_one(model), *_other_models(model), *_later(model), *_routes())


def _chat(model: str, **more: object) -> Body:
    return {"model": model, "max_tokens": TOKENS, "messages": [{"role": "user", "content": "one two three"}], **more}


def _each(model: str, more: Body) -> Iterator[tuple[str, Request]]:
    """A request of each protocol with parameters that it should not have."""
    yield "chat", Request("/v1/chat/completions", _chat(model) | more)
    yield "text", Request("/v1/completions", {"model": model, "prompt": "one two", "max_tokens": TOKENS} | more)
    yield "embeddings", Request("/v1/embeddings", {"model": model, "input": "one two three"} | more)
    yield "responses", Request("/v1/responses", {"model": model, "input": "one", "max_output_tokens": 16} | more)
    yield "messages", Request("/v1/messages", _chat(model) | more)


def _unlogged(model: str) -> Iterator[Trick]:
    for protocol, request in _each(model, {"no-log": True}):
        yield Trick(f"no-log in the body of {protocol}", "the call is not logged", (request,), answered)
    for name, value in {
        "metadata": {"no-log": True, "user_api_key": "0" * 64},
        "litellm_metadata": {"no-log": True, "user_api_key": "0" * 64},
        "litellm_params": {"no-log": True},
        "proxy_server_request": {"headers": {}, "body": {}},
        "litellm_disabled_callbacks": ["generic_api"],
        "mock_response": "an answer of the caller's own",
        "turn_off_message_logging": True,
        "caching": True,
    }.items():
        request = Request("/v1/chat/completions", _chat(model, **{name: value}))
        yield Trick(f"parameter {name}", "LiteLLM's own bookkeeping is changed", (request,), answered)
    query = Request("/v1/chat/completions", _chat(model), query="n=2&no-log=true")
    yield Trick("parameters in the query", "what the body may not say is said beside it", (query,), read_the_query)


def _ids(model: str) -> Iterator[Trick]:
    chosen = {"x-litellm-call-id": CHOSEN_ID}
    for protocol, request in _each(model, {}):
        same = (Request(request.path, request.body, headers=chosen),) * 3
        yield Trick(f"one call id for three calls of {protocol}", "one row instead of three", same, took_the_id)
    body = Request("/v1/chat/completions", _chat(model, litellm_call_id=CHOSEN_ID))
    yield Trick("call id in the body", "one row instead of many", (body,), answered)
    yield Trick("costs in the answer", "the operator's costs are told", (honest(model),), showed_costs)


def _more_than_one(model: str) -> Iterator[Trick]:
    for name, value in {
        "model": f"{model},{model}",
        "model ": [model, model],
        "model  ": f"openai/{model},{model}",
        "fallbacks": [model],
        "model_list": [{"model_name": model, "litellm_params": {"model": f"openai/{model}"}}],
        "num_retries": 3,
        "mcp_servers": ["all"],
        "tools": [{"type": "mcp", "server_url": "litellm_proxy", "server_label": "litellm"}],
        "web_search_options": {},
        "functions": [{"googleSearch": {}}],
        "extra_body": {"n": 3},
    }.items():
        request = Request("/v1/chat/completions", _chat(model) | {name.strip(): value})
        yield Trick(f"more calls by {name.strip()}: {value!s:.30}", "several calls, one bill", (request,), answered)
    for tool in ({"type": "web_search_20250305", "name": "web_search"}, {"name": "web_search", "input_schema": {}}):
        request = Request("/v1/messages", _chat(model, tools=[tool]))
        yield Trick(f"server tool in messages: {list(tool)}", "searches that nobody pays for", (request,), answered)
    hidden = {"type": "additional_tools", "tools": [{"type": "web_search"}]}
    request = Request("/v1/responses", {"model": model, "input": [{"role": "user", "content": "one"}, hidden]})
    yield Trick("server tool in the input of responses", "searches that nobody pays for", (request,), answered)
    uploaded = {"type": "container_upload", "file_id": "file_1"}
    request = Request("/v1/messages", _chat(model) | {"messages": [{"role": "user", "content": [uploaded]}]})
    yield Trick("a container's file in messages", "code that a server runs", (request,), answered)
    request = Request("/v1/messages", _chat(model, context_management={"edits": [{"type": "compact_20260112"}]}))
    yield Trick("a conversation that is summed up", "a second call, one bill", (request,), answered)


def _other_models(model: str) -> Iterator[Trick]:
    for name, value in {
        "extra_body": {"model": "claude-3-opus"},
        "api_base": "http://127.0.0.1:9/v1",
        "base_model": "gpt-3.5-turbo",
        "custom_llm_provider": "openai",
        "user_config": {"model_list": []},
        "deployment_id": "claude-3-opus",
        "input_cost_per_token": 0,
        "service_tier": "priority",
    }.items():
        request = Request("/v1/chat/completions", _chat(model, **{name: value}))
        yield Trick(f"another model or price by {name}", "a dear answer at a cheap price", (request,), answered)
    for name in (f"openai/{model}", f"{model}-2024-08-06", "no-such-model", model.upper()):
        request = Request("/v1/chat/completions", _chat(name))
        yield Trick(f"model named {name}", "a model without a price", (request,), answered_without_a_price)


def _later(model: str) -> Iterator[Trick]:
    for name, value in {
        "background": True,
        "store": True,
        "previous_response_id": "resp_1",
        "conversation": "conv_1",
        "prompt": {"id": "pmpt_1"},
    }.items():
        body = {"model": model, "input": "one", "max_output_tokens": 16, name: value}
        gain = "answered later or elsewhere, and not billed"
        yield Trick(f"responses with {name}", gain, (Request("/v1/responses", body),), answered)


_ROUTES: Final = (
    *(("POST", "/v1/batches"), ("POST", "/v1/files"), ("GET", "/v1/responses/resp_1"), ("POST", "/v1/realtime")),
    *(("POST", "/v1/images/generations"), ("POST", "/v1/audio/speech"), ("POST", "/v1/rerank"), ("POST", "/v1/ocr")),
    *(("POST", "/openai/v1/chat/completions"), ("POST", "/anthropic/v1/messages"), ("POST", "/mcp/")),
    *(("POST", "/engines/gpt-4o/chat/completions"), ("POST", "/v1beta/models/gpt-4o:generateContent")),
    *(("POST", "/v1/moderations"), ("POST", "/v1/assistants"), ("POST", "/v1/vector_stores"), ("POST", "/v1/videos")),
    *(("POST", "/key/generate"), ("POST", "/key/update"), ("POST", "/config/update"), ("POST", "/user/new")),
    *(("GET", "/key/list"), ("GET", "/spend/logs"), ("GET", "/openapi.json"), ("GET", "/ui/"), ("GET", "/metrics")),
)


def _routes() -> Iterator[Trick]:
    for method, path in _ROUTES:
        request = Request(path, {} if method == "POST" else None, method)
        yield Trick(f"{method} {path}", "a route that is not billed, or administration", (request,), is_served)
