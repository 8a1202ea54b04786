"""What the gate lets through to LiteLLM, and what it refuses before anything costs."""

import json

import pytest

from flareflow_gate.models import CallableModels
from flareflow_gate.requests import model_call
from flareflow_gate.routes import MODEL_CALLS, Protocol
from tests.unit.proxy.gate_harness import KEY, MASTER_KEY, FakePrices, GateHarness, chat

LITELLM_PARAMETERS = (
    *("no-log", "metadata", "litellm_metadata", "litellm_call_id", "litellm_session_id", "litellm_trace_id", "tags"),
    *("api_base", "base_url", "api_key", "api_version", "custom_llm_provider", "user_config", "model_list"),
    *("fallbacks", "context_window_fallbacks", "num_retries", "max_retries", "timeout", "request_timeout", "cache"),
    *("mock_response", "mock_timeout", "mock_testing_fallbacks", "fastest_response", "guardrails", "callbacks"),
    *("success_callback", "failure_callback", "turn_off_message_logging", "disable_fallbacks", "prompt_id"),
    *("input_cost_per_token", "output_cost_per_token", "extra_headers", "extra_body", "headers", "deployment_id"),
    *("web_search_options", "audio", "previous_response_id", "background", "mcp_servers", "container", "speed"),
)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/messages"])
@pytest.mark.parametrize("name", LITELLM_PARAMETERS)
def test_a_parameter_that_is_not_listed_is_refused(gate: GateHarness, path: str, name: str) -> None:
    # Given a request that is complete but for one parameter too many
    requests: dict[str, dict[str, object]] = {
        "/v1/chat/completions": chat(),
        "/v1/completions": {"model": "gpt-4o", "prompt": "one"},
        "/v1/embeddings": {"model": "gpt-4o", "input": "one"},
        "/v1/messages": chat(max_tokens=1),
    }
    # When it is sent
    answered = gate.call(path, {**requests[path], name: {"a": 1}})
    # Then the gate names the parameter, and LiteLLM hears of nothing
    assert answered.status == 400
    assert f"'{name}" in answered.document["error"]["message"]
    assert gate.litellm.requests == []
    assert gate.records == []


@pytest.mark.parametrize(
    "path",
    [
        *("/key/info", "/key/generate", "/spend/logs/v2", "/ui", "/", "/openai/v1/chat/completions", "/metrics"),
        *("/v1/batches", "/v1/files", "/v1/realtime", "/v1/responses/resp_1", "/v1/images/generations", "/mcp"),
        *("/v1/chat/completions/", "//v1/chat/completions", "/V1/chat/completions", "/v1/chat/completions%2f"),
        *("/engines/gpt-4o/chat/completions", "/v1beta/models/gpt-4o:generateContent", "/a2a/agent/message/send"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_route_that_is_not_listed_is_out_of_reach(gate: GateHarness, path: str, method: str) -> None:
    assert gate.call(path, method=method).status == 404
    assert gate.litellm.requests == []


def test_no_header_of_the_caller_reaches_litellm_but_the_listed_ones(gate: GateHarness) -> None:
    # Given headers with which a caller could steer LiteLLM
    chosen = {
        "x-litellm-call-id": "mine",
        "x-litellm-tags": "a",
        "x-litellm-timeout": "1",
        "x-forwarded-for": "1.1.1.1",
        "traceparent": "00-1-1-01",
        "anthropic-beta": "context-1m-2025-08-07",
        "user-agent": "claude-cli/2",
    }
    # When a call is made with them
    gate.call(headers=chosen)
    # Then LiteLLM gets the gate's own call id and none of them
    assert gate.litellm.headers == {
        "authorization": f"Bearer {KEY}",
        "content-type": "application/json",
        "content-length": gate.litellm.headers["content-length"],
        "x-litellm-call-id": "event-1",
    }


def test_the_query_string_does_not_reach_litellm(gate: GateHarness) -> None:
    gate.call(query=b"no-log=true&model=other")
    assert gate.litellm.requests[0]["query_string"] == b""


def test_every_call_has_an_id_of_its_own(gate: GateHarness) -> None:
    gate.call()
    gate.call()
    given = [dict(request["headers"])[b"x-litellm-call-id"] for request in gate.litellm.requests]
    assert given == [b"event-1", b"event-2"]


def test_a_name_without_v1_is_the_same_route(gate: GateHarness) -> None:
    gate.call("/chat/completions")
    assert gate.litellm.requests[0]["path"] == "/v1/chat/completions"


@pytest.mark.parametrize("model", ["gpt-4", "gpt-4o,gpt-4o", " gpt-4o", "openai/gpt-4o", "GPT-4o"])
def test_a_model_that_the_price_book_does_not_name_is_refused(gate: GateHarness, model: str) -> None:
    answered = gate.call(body=chat() | {"model": model})
    assert answered.status == 404
    assert answered.document["error"]["code"] == "model_not_found"


@pytest.mark.parametrize("model", [["gpt-4o", "gpt-4o"], None, 1, {"a": 1}])
def test_a_request_names_exactly_one_model(gate: GateHarness, model: object) -> None:
    assert gate.call(body=chat() | {"model": model}).status == 400


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "mcp", "server_url": "litellm_proxy"},
        {"type": "web_search"},
        {"type": "code_interpreter"},
        {"type": "x"},
    ],
)
def test_a_tool_that_a_server_runs_is_refused(gate: GateHarness, tool: dict[str, str]) -> None:
    assert gate.call(body=chat(tools=[tool])).status == 400
    assert gate.call("/v1/responses", {"model": "gpt-4o", "input": "one", "tools": [tool]}).status == 400


@pytest.mark.parametrize(
    "function", [{"googleSearch": {}}, {"type": "web_search"}, {"name": "f", "code_execution": {}}, "f"]
)
def test_a_tool_of_a_server_is_refused_among_functions_too(gate: GateHarness, function: object) -> None:
    # LiteLLM makes Gemini's own tools of functions of these forms
    assert gate.call(body=chat(functions=[function])).status == 400
    assert gate.litellm.requests == []


def test_a_function_that_the_caller_runs_is_let_through(gate: GateHarness) -> None:
    functions = [{"name": "f", "description": "looks", "parameters": {"type": "object", "properties": {}}}]
    assert gate.call(body=chat(functions=functions)).status == 200
    assert gate.litellm.bodies[0]["functions"] == functions


@pytest.mark.parametrize(
    "item",
    [
        {"type": "additional_tools", "tools": [{"type": "web_search"}]},
        {"type": "tool_search_output", "tools": [{"type": "mcp", "server_url": "litellm_proxy"}]},
        {"type": "item_reference", "id": "msg_1"},
        {"type": ["message"]},
    ],
)
def test_an_item_that_is_no_part_of_the_conversation_is_refused(gate: GateHarness, item: dict[str, object]) -> None:
    # LiteLLM takes tools out of `input` and adds them to those of the request
    asked = {"role": "user", "content": "one"}
    answered = gate.call("/v1/responses", {"model": "gpt-4o", "input": [asked, item]})
    assert (answered.status, answered.document["error"]["param"]) == (400, "input.1")
    assert gate.litellm.requests == []


def test_a_conversation_with_tools_of_the_callers_goes_on(gate: GateHarness) -> None:
    conversation = [
        {"role": "user", "content": [{"type": "input_text", "text": "one"}]},
        {"type": "reasoning", "summary": [], "encrypted_content": "x"},
        {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": "two"},
        {"type": "custom_tool_call", "call_id": "2", "name": "g", "input": ""},
        {"type": "custom_tool_call_output", "call_id": "2", "output": "three"},
        {"type": "message", "role": "user", "content": "four"},
    ]
    assert gate.call("/v1/responses", {"model": "gpt-4o", "input": conversation}).status == 200
    assert gate.litellm.bodies[0]["input"] == conversation


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_a_file_in_a_container_is_refused(gate: GateHarness, path: str) -> None:
    # LiteLLM adds Anthropic's code execution where a message has one
    uploaded = {"type": "container_upload", "file_id": "file_1"}
    body = chat(max_tokens=1) | {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}, uploaded]}]}
    assert gate.call(path, body).status == 400
    assert gate.litellm.requests == []


CLEARED = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}, {"type": "clear_tool_uses_20250919"}]}


def test_old_parts_of_a_conversation_may_be_cleared(gate: GateHarness) -> None:
    assert gate.call("/v1/messages", chat(max_tokens=1, context_management=CLEARED)).status == 200
    assert gate.litellm.bodies[0]["context_management"] == CLEARED


@pytest.mark.parametrize("asked", [{}, {"context_management": CLEARED}])
def test_a_model_whose_thoughts_are_to_be_cleared_may_think(asked: dict[str, object]) -> None:
    # LiteLLM has some models think for that
    models = CallableModels(FakePrices(frozenset({"gpt-4o"})), {"gpt-4o": frozenset()})
    body = json.dumps(chat(max_tokens=1, stream=True, **asked)).encode()
    route = next(route for route in MODEL_CALLS if route.protocol is Protocol.MESSAGES)
    assert model_call(route, body, models).may_think is bool(asked)


@pytest.mark.parametrize(
    "asked",
    [
        {"edits": [{"type": "compact_20260112"}]},
        {"edits": [{"type": "clear_tool_uses_20250919", "instructions": "x"}]},
        [{"type": "compaction"}],
        {"edits": [], "model": "gpt-4o"},
    ],
)
def test_a_conversation_is_not_summed_up_by_a_second_call(gate: GateHarness, asked: object) -> None:
    assert gate.call("/v1/messages", chat(max_tokens=1, context_management=asked)).status == 400
    assert gate.litellm.requests == []


def test_a_tool_that_the_caller_runs_is_let_through(gate: GateHarness) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    gate.call(body=chat(tools=[tool]))
    assert gate.litellm.bodies[0]["tools"] == [tool]


@pytest.mark.parametrize("body", [b"", b"[]", b'"text"', b"{", b'{"model": NaN}', b'{"a": "\\u0000\0"}', b"\xff\xfe"])
def test_a_body_that_is_no_json_object_is_refused(gate: GateHarness, body: bytes) -> None:
    answered = gate.call(body=body)
    assert (answered.status, answered.document["error"]["code"]) == (400, "invalid_json")


def test_a_name_that_stands_twice_means_the_same_to_gate_and_litellm(gate: GateHarness) -> None:
    # Given a body in which a parameter stands twice
    twice = b'{"model": "other", "model": "gpt-4o", "messages": [{"role": "user", "content": "x"}]}'
    # When it is let through
    gate.call(body=twice)
    # Then LiteLLM reads what the gate has checked
    assert gate.litellm.bodies[0]["model"] == "gpt-4o"


def test_no_null_character_reaches_litellm_which_could_not_log_it(gate: GateHarness) -> None:
    # Given null characters, and texts that only tell of them
    body = chat() | {"messages": [{"role": "user", "content": "\0\0a\\\0 \\u0000 \\\\u0000"}], "user": "b\0"}
    # When they are sent
    gate.call(body=body)
    # Then each stands for what cannot be shown, and the texts are as they were
    assert gate.litellm.bodies[0]["messages"][0]["content"] == "\ufffd\ufffda\\\ufffd \\u0000 \\\\u0000"
    assert gate.litellm.bodies[0]["user"] == "b\ufffd"


def test_a_compressed_body_is_refused(gate: GateHarness) -> None:
    assert gate.call(headers={"content-encoding": "gzip"}).status == 415


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Basic c2s=", "Bearer pk-1", f"Bearer sk-{'x' * 300}", "Bearer sk-aBearer b"]
)
def test_a_request_without_a_virtual_key_is_refused(gate: GateHarness, header: str) -> None:
    assert gate.call(headers={"authorization": header}).status == 401


def test_the_master_key_calls_no_models(gate: GateHarness) -> None:
    assert gate.call(headers={"authorization": f"Bearer {MASTER_KEY}"}).status == 401
    assert gate.call("/v1/models", method="GET", headers={"x-api-key": MASTER_KEY, "authorization": ""}).status == 401
    assert gate.litellm.requests == []


def test_two_different_keys_in_one_request_are_refused(gate: GateHarness) -> None:
    assert gate.call(headers={"x-api-key": "sk-another-key"}).status == 401


def test_anthropic_clients_are_refused_in_their_own_format(gate: GateHarness) -> None:
    answered = gate.call("/v1/messages", chat(max_tokens=1) | {"no-log": True}, headers={"x-api-key": KEY})
    assert answered.document["type"] == "error"
    assert answered.document["error"]["type"] == "invalid_request_error"


def test_the_models_can_be_listed(gate: GateHarness) -> None:
    # Given a LiteLLM that serves a model without a price too
    gate.litellm.parts = [b'{"object": "list", "data": [{"id": "gpt-4o", "object": "model"}, {"id": "unpriced"}]}']
    # When the models are listed
    answered = gate.call("/v1/models", method="GET")
    # Then only those that may be called are told, with their prices, and LiteLLM got nothing but the key
    prices = {"unit": "rated tokens", "prompt": "1", "completion": "1", "request": "0"}
    assert answered.document == {"object": "list", "data": [{"id": "gpt-4o", "object": "model", "pricing": prices}]}
    assert gate.litellm.headers == {"authorization": f"Bearer {KEY}"}


def test_an_error_of_litellm_comes_through_when_models_are_listed(gate: GateHarness) -> None:
    gate.litellm.status, gate.litellm.parts = 401, [b'{"error": {}}']
    answered = gate.call("/v1/models", method="GET")
    assert (answered.status, answered.document) == (401, {"error": {}})


def test_without_a_price_book_nothing_is_called(gate: GateHarness) -> None:
    gate.priced = frozenset()
    answered = gate.call()
    assert (answered.status, answered.document["error"]["code"]) == (503, "no_price_book")


def test_a_model_whose_fallback_has_no_price_is_refused(gate: GateHarness) -> None:
    gate.fallbacks = {"gpt-4o": frozenset({"unpriced"})}
    assert gate.call().status == 404
    gate.priced |= {"unpriced"}
    assert gate.call().status == 200


@pytest.mark.parametrize(
    "tool",
    [
        {"name": "web_search"},
        {"name": "web_search", "input_schema": {}},
        {"name": "web_search", "type": "web_search_20250305"},
        {"name": "mine"},
        {"name": "mine", "type": "bash_20250124", "input_schema": {}},
    ],
)
def test_a_tool_that_litellm_takes_for_one_of_a_server_is_refused(gate: GateHarness, tool: dict[str, object]) -> None:
    assert gate.call("/v1/messages", chat(max_tokens=1, tools=[tool])).status == 400
    assert gate.litellm.requests == []


def test_the_gate_is_ready_once_there_are_prices(gate: GateHarness) -> None:
    assert gate.call("/health/readiness", method="GET").status == 200
    gate.priced = frozenset()
    assert gate.call("/health/readiness", method="GET").status == 503
    assert gate.litellm.requests == []


CACHED = {"type": "text", "text": "a long text", "cache_control": {"type": "ephemeral", "ttl": "1h"}}


@pytest.mark.parametrize(
    "more",
    [
        {"messages": [{"role": "user", "content": [CACHED]}]},
        {"system": [CACHED]},
        {"tools": [{"name": "look", "input_schema": {}, "cache_control": CACHED["cache_control"]}]},
        {"cache_control": CACHED["cache_control"]},
        {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": [CACHED]}]}]},
    ],
)
def test_a_cache_that_is_kept_for_an_hour_is_refused_because_it_is_billed_for_five_minutes(
    gate: GateHarness, more: dict[str, object]
) -> None:
    answered = gate.call("/v1/messages", {**chat(max_tokens=1), **more})
    assert answered.status == 400
    assert "five minutes" in answered.document["error"]["message"]
    assert (gate.litellm.requests, gate.records) == ([], [])


@pytest.mark.parametrize("lifetime", [{}, {"ttl": "5m"}, {"ttl": None}])
def test_a_cache_that_is_kept_for_five_minutes_is_let_through(gate: GateHarness, lifetime: dict[str, str]) -> None:
    part = CACHED | {"cache_control": {"type": "ephemeral", **lifetime}}
    schema = {"type": "object", "properties": {"ttl": {"type": "string"}, "cache_control": {"type": "object"}}}
    tools = [{"name": "look", "input_schema": schema}]
    body = {**chat(max_tokens=1), "messages": [{"role": "user", "content": [part]}], "tools": tools}
    assert gate.call("/v1/messages", body).status == 200


@pytest.mark.parametrize(
    ("path", "body", "parameter", "message"),
    [
        ("/v1/completions", {"prompt": ["a", "b"]}, "prompt", "List should have at most 1 item"),
        ("/v1/completions", {"prompt": 7}, "prompt", "Input should be a valid string"),
        ("/v1/embeddings", {"input": []}, "input", "should have at least 1 item"),
        ("/v1/embeddings", {"input": ["a", 1]}, "input", "Input should be a valid string"),
        ("/v1/completions", {"prompt": "a", "max_tokens": 0}, "max_tokens", "greater than or equal to 1"),
        ("/v1/completions", {}, "prompt", "Missing required parameter: 'prompt'"),
        ("/v1/messages", {"max_tokens": 5}, "messages", "Missing required parameter: 'messages'"),
        (
            "/v1/messages",
            {"max_tokens": 5, "messages": [{}], "tools": [{"name": "x"}]},
            "tools.0.input_schema",
            "Missing",
        ),
        ("/v1/messages", {"max_tokens": 5, "messages": [{}], "metadata": {"tags": []}}, "metadata.tags", "unsupported"),
        (
            "/v1/chat/completions",
            {"messages": [{}], "tools": [{"type": "function"}, {"type": "mcp"}]},
            "tools.1.type",
            "'",
        ),
    ],
)
def test_a_refusal_names_the_field_as_the_caller_wrote_it(
    gate: GateHarness, path: str, body: dict[str, object], parameter: str, message: str
) -> None:
    answered = gate.call(path, {"model": "gpt-4o", **body})
    told = answered.document["error"]
    assert answered.status == 400
    assert parameter in told["message"]
    assert message in told["message"]
    assert told.get("param", parameter) == parameter
