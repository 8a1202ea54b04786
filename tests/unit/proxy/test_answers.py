"""Every answered call leaves a record, before its answer has ended."""

import json

import pytest

from flareflow.metering.calls import Ending, Tokens
from flareflow_gate import hanging_up
from tests.unit.proxy.gate_harness import (
    DONE,
    NOW,
    GateHarness,
    answer,
    chat,
    delta,
    done,
    event,
    openai_usage_chunk,
    usage_chunk,
)


def told(gate: GateHarness) -> tuple[Ending, int, int, bool]:
    """The only record: how the answer ended, prompt and completion tokens, and whether they are estimated."""
    (record,) = gate.records
    return record.ending, record.tokens.prompt, record.tokens.completion, record.tokens_are_estimated


def test_the_record_of_an_answer_says_what_the_answer_said(gate: GateHarness) -> None:
    # Given an answer of 3 and 5 tokens
    gate.litellm.parts = [answer(3, 5)]
    # When a call is made
    answered = gate.call()
    # Then its record has them, and the caller gets the answer with the event's id and without LiteLLM's headers
    (record,) = gate.records
    assert (record.event_id, record.model, record.answered_by) == ("event-1", "gpt-4o", "gpt-4o-2024-08-06")
    assert (record.call_type, record.started_at, record.ended_at) == ("acompletion", NOW, NOW)
    assert told(gate) == (Ending.COMPLETE, 3, 5, False)
    told_usage = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8, "cost": 12}
    assert answered.document == json.loads(answer(3, 5)) | {"usage": told_usage}
    assert answered.headers == {
        "content-type": "application/json",
        "content-length": str(len(answered.body)),
        "x-flareflow-event-id": "event-1",
        "x-flareflow-cost": "12",
    }


def test_an_answer_in_parts_is_recorded_before_its_end_is_passed_on(gate: GateHarness) -> None:
    whole = answer()
    gate.litellm.parts = [whole[:10], whole[10:]]
    answered = gate.call()
    assert gate.order == ["recorded", "http.response.start", answered.body.decode()]


def test_a_stream_is_passed_on_as_it_comes_and_recorded_before_its_end(gate: GateHarness) -> None:
    # Given a stream whose parts are cut anywhere
    stream = delta("a ") + delta("b ") + usage_chunk(3, 2) + DONE
    gate.litellm.parts = [stream[:7], stream[7:90], stream[90:]]
    # When a call is made that asks for the usage
    answered = gate.call(body=chat(stream=True, stream_options={"include_usage": True}))
    # Then all of it arrives, and the record was stored before the last part
    assert answered.body == delta("a ") + delta("b ") + openai_usage_chunk(3, 2) + done("7.5")
    assert told(gate) == (Ending.COMPLETE, 3, 2, False)
    assert gate.order[0] == "http.response.start"
    assert gate.order.index("recorded") == len(gate.order) - 2


def test_a_stream_is_recorded_before_its_last_event_even_where_more_may_come(gate: GateHarness) -> None:
    # Given a stream whose last event is not its last part, as LiteLLM sends it
    gate.litellm.parts = [delta("a "), usage_chunk(3, 1), DONE, b""]
    # When it has passed
    gate.call(body=chat(stream=True))
    # Then the record was stored before the event after which clients stop reading
    assert gate.order.index("recorded") < gate.order.index(done("6").decode())


def test_the_usage_of_a_stream_is_asked_for_and_hidden_from_who_did_not_ask(gate: GateHarness) -> None:
    gate.litellm.parts = [delta("a "), usage_chunk(3, 1), DONE]
    answered = gate.call(body=chat(stream=True))
    assert gate.litellm.bodies[0]["stream_options"] == {"include_usage": True}
    assert answered.body == delta("a ") + done("6")
    assert told(gate) == (Ending.COMPLETE, 3, 1, False)


def test_a_chunk_that_ends_the_text_and_tells_the_usage_is_not_hidden(gate: GateHarness) -> None:
    last = event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1}})
    gate.litellm.parts = [last, DONE]
    *_, told_last, end = gate.call(body=chat(stream=True)).body.split(b"\n\n")[:-1]
    assert json.loads(told_last[6:]) == json.loads(last[6:]) | {"usage": {"prompt_tokens": 1, "cost": 1.5}}
    assert end + b"\n\n" == done("1.5")


def test_a_stream_that_breaks_off_upstream_is_recorded_with_what_was_sent(gate: GateHarness) -> None:
    for end in (b"", DONE):
        gate.litellm.parts = [delta("one "), event({"error": {"message": "upstream failed"}}), end]
        gate.call(body=chat(stream=True))
        assert told(gate) == (Ending.BROKEN_OFF, 3, 1, True)
        gate.outbox.forget([gate.records[0].event_id])


def test_all_that_the_model_wrote_counts(gate: GateHarness) -> None:
    # Given a stream of thoughts and arguments of a tool, in the forms of all APIs
    gate.litellm.parts = [
        event({"choices": [{"delta": {"reasoning_content": "a b "}}]}),
        event({"choices": [{"delta": {"tool_calls": [{"function": {"arguments": "c "}}]}}]}),
        event({"choices": [{"text": "d "}]}),
        event({"type": "response.output_text.delta", "delta": "e "}),
        event({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "f "}}),
        event({"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "g "}}),
    ]
    gate.call(body=chat(stream=True))
    assert told(gate)[2] == 7


@pytest.mark.parametrize("status", [400, 401, 403, 422, 429, 500, 503])
def test_a_refusal_by_litellm_is_passed_on_and_leaves_no_record(gate: GateHarness, status: int) -> None:
    gate.litellm.status = status
    gate.litellm.parts = [b'{"error": {"message": "no"}}']
    answered = gate.call()
    assert (answered.status, answered.body) == (status, b'{"error": {"message": "no"}}')
    assert gate.records == []
    assert gate.outbox.adopt_orphans([]) == 0


def test_an_answer_without_usage_is_counted_by_the_gate(gate: GateHarness) -> None:
    gate.litellm.parts = [b'{"choices": []}']
    gate.call()
    assert told(gate)[0] is Ending.COMPLETE
    assert told(gate)[3]


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -1, "completion_tokens": 5},
        {"prompt_tokens": "many", "completion_tokens": 5},
        {"prompt_tokens": 10**12, "completion_tokens": 5},
    ],
)
def test_usage_that_cannot_be_is_not_believed(gate: GateHarness, usage: dict[str, object]) -> None:
    gate.litellm.parts = [event({"choices": [{"delta": {"content": "a b"}}]}), event({"usage": usage}), DONE]
    gate.call(body=chat(stream=True))
    assert told(gate)[2:] == (2, True)


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/v1/chat/completions", {"choices": [{"finish_reason": "stop", "message": {"content": "a b c"}}]}),
        ("/v1/completions", {"choices": [{"finish_reason": "stop", "text": "a b c"}, "no choice"]}),
        ("/v1/messages", {"content": [{"type": "text", "text": "a b "}, {"type": "tool_use", "input": {"x": "c"}}]}),
        ("/v1/responses", {"output": [{"type": "message", "status": "done", "content": [{"text": "a b c"}]}, None]}),
    ],
)
@pytest.mark.parametrize("usage", [{}, {"usage": None}, {"usage": {"prompt_tokens": 0, "completion_tokens": 0}}])
def test_a_whole_answer_that_tells_no_usage_is_billed_by_its_text(
    gate: GateHarness, path: str, written: dict[str, object], usage: dict[str, object]
) -> None:
    gate.litellm.parts = [event(written | usage)[6:]]
    asked = {"/v1/completions": {"prompt": "one two three"}, "/v1/responses": {"input": "one two three"}}
    of_chats = {"messages": chat()["messages"], "max_tokens": 9}
    gate.call(path, {"model": "gpt-4o", **asked.get(path, of_chats)})
    assert told(gate) == (Ending.COMPLETE, 3, 3, True)


@pytest.mark.parametrize("ids", [[7, 8, 9, 10], [[7, 8], [9, 10]]])
def test_a_prompt_of_token_numbers_is_counted_where_no_usage_is_told(gate: GateHarness, ids: list[object]) -> None:
    gate.litellm.parts = [event({"data": [], "usage": {"prompt_tokens": 0, "total_tokens": 0}})[6:]]
    gate.call("/v1/embeddings", {"model": "gpt-4o", "input": ids})
    assert told(gate) == (Ending.COMPLETE, 4, 0, True)


@pytest.mark.parametrize("streams", [True, False])
def test_an_answer_that_tells_no_output_although_it_has_some_is_billed_by_its_text(
    gate: GateHarness, streams: bool
) -> None:
    whole = {"choices": [{"message": {"content": "a b"}}], "usage": {"prompt_tokens": 30, "completion_tokens": 0}}
    gate.litellm.parts = [delta("a "), delta("b "), usage_chunk(30, 0), DONE] if streams else [event(whole)[6:]]
    gate.call(body=chat(stream=streams))
    assert told(gate) == (Ending.COMPLETE, 30, 2, True)


def test_an_answer_without_output_is_believed(gate: GateHarness) -> None:
    gate.litellm.parts = [event({"choices": [{"message": {"content": None}}], "usage": {"prompt_tokens": 30}})[6:]]
    gate.call()
    assert told(gate) == (Ending.COMPLETE, 30, 0, False)


def test_a_stream_whose_usage_is_zero_is_billed_by_its_text(gate: GateHarness) -> None:
    gate.litellm.parts = [delta("a "), delta("b "), usage_chunk(0, 0), DONE]
    gate.call(body=chat(stream=True))
    assert told(gate) == (Ending.COMPLETE, 3, 2, True)


@pytest.mark.parametrize(
    ("last", "tokens"),
    [
        ({"input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 82}, (1_000, 90, 82)),
        ({"input_tokens": 10, "cache_read_input_tokens": 1_080, "output_tokens": 82}, (10, 1_080, 82)),
        ({"input_tokens": 1_000, "output_tokens": 0}, (1_000, 90, 7)),
    ],
    ids=["zeros of input", "all of the input anew", "a zero of output"],
)
def test_zeros_of_a_later_event_do_not_undo_what_an_earlier_one_told(
    gate: GateHarness, last: dict[str, int], tokens: tuple[int, int, int]
) -> None:
    begun = {"input_tokens": 1_000, "cache_read_input_tokens": 90, "output_tokens": 7}
    gate.litellm.parts = [
        event({"type": "message_start", "message": {"usage": begun}}),
        event({"type": "message_delta", "usage": last}),
        event({"type": "message_stop"}),
    ]
    gate.call("/v1/messages", chat(stream=True, max_tokens=100))
    (record,) = gate.records
    assert (record.tokens.prompt, record.tokens.cache_read, record.tokens.completion) == tokens


def test_tokens_of_the_cache_are_told_apart_in_openai_form(gate: GateHarness) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 80}}
    gate.litellm.parts = [event({"usage": usage})[6:]]
    gate.call()
    (record,) = gate.records
    assert record.tokens == Tokens(prompt=20, cache_read=80, completion=5)


@pytest.mark.parametrize("form", ["prompt_tokens completion_tokens", "input_tokens output_tokens"])
def test_reasoning_and_sound_are_told_apart_in_both_forms_of_openai(gate: GateHarness, form: str) -> None:
    given, written = form.split()
    usage = {
        given: 100,
        written: 80,
        f"{given}_details": {"cached_tokens": 30, "audio_tokens": 50, "cached_tokens_details": {"audio_tokens": 20}},
        f"{written}_details": {"reasoning_tokens": 64, "audio_tokens": 9},
    }
    gate.litellm.parts = [event({"usage": usage})[6:]]
    gate.call()
    (record,) = gate.records
    assert record.tokens == Tokens(prompt=40, cache_read=30, audio_input=30, completion=7, reasoning=64, audio_output=9)


@pytest.mark.parametrize("part", ["cached_tokens", "cache_creation_tokens", "audio_tokens"])
def test_parts_are_never_more_than_what_contains_them(gate: GateHarness, part: str) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "prompt_tokens_details": {part: 9_000}}
    usage["completion_tokens_details"] = {"reasoning_tokens": 9_000, "audio_tokens": 9_000}
    gate.litellm.parts = [event({"usage": usage})[6:]]
    gate.call()
    (record,) = gate.records
    assert (record.tokens.input, record.tokens.output, record.tokens.prompt) == (3, 2, 0)


def test_tokens_of_the_cache_are_told_apart_in_anthropic_form(gate: GateHarness) -> None:
    # Given a stream in whose first event the input is told, and the output in a later one
    begun = {"input_tokens": 1, "cache_read_input_tokens": 965_602, "cache_creation_input_tokens": 225}
    gate.litellm.parts = [
        event({"type": "message_start", "message": {"model": "claude", "usage": {**begun, "output_tokens": 1}}}),
        event({"type": "message_delta", "usage": {"output_tokens": 82}}),
        event({"type": "message_stop"}),
    ]
    # When the call has ended
    gate.call("/v1/messages", chat(stream=True, max_tokens=100))
    # Then each kind has its own number
    (record,) = gate.records
    assert record.tokens == Tokens(prompt=1, cache_read=965_602, cache_write=225, completion=82)


def test_a_call_whose_gate_dies_is_found_by_the_next_gate(gate: GateHarness) -> None:
    # Given a call that was admitted, and whose gate is gone
    gate.outbox.admit("event-9", b"{}")
    # When another gate looks for orphans, the living ones known
    assert gate.outbox.adopt_orphans(["this-gate"]) == 0
    assert gate.outbox.adopt_orphans(["another-gate"]) == 1
    # Then its record is sent as it is
    assert [stored.event_id for stored in gate.outbox.waiting(10)] == ["event-9"]


def test_the_model_that_answered_is_the_one_that_litellm_names(gate: GateHarness) -> None:
    gate.litellm.parts, gate.litellm.headers_sent = [answer()], [(b"x-litellm-model-group", b"the-fallback")]
    gate.call()
    assert gate.records[0].answered_by == "the-fallback"


def test_a_caller_who_hangs_up_before_the_usage_is_told_pays_all_the_same(gate: GateHarness) -> None:
    # Given a model that thought 500 tokens before it wrote one, and a caller who hangs up once that has come
    gate.litellm.parts = [delta("yes "), usage_chunk(3, 501), DONE]
    gate.hangs_up_after = 1
    # When the stream ends soon afterwards
    gate.call(body=chat(stream=True))
    # Then the record has the whole usage
    assert told(gate) == (Ending.COMPLETE, 3, 501, False)


def test_a_stream_that_goes_on_after_the_caller_hung_up_is_ended(
    gate: GateHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a caller who hangs up after two parts of a stream without end
    gate.litellm.parts, gate.litellm.endless = [delta("one "), delta("two three ")], True
    gate.hangs_up_after = 2
    monkeypatch.setattr(hanging_up, "STREAM_SECONDS", 0.01)
    # When the time to end by itself has passed
    gate.call(body=chat(stream=True))
    # Then the record counts the words of the prompt and of what was sent
    assert told(gate) == (Ending.BROKEN_OFF, 3, 3, True)


@pytest.mark.parametrize("why", ["the model", "its fallback", "the request"])
def test_a_stream_whose_model_may_think_unseen_ends_by_itself(
    gate: GateHarness, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    # Given a model that thought 500 tokens, and a caller who hangs up long before the end
    gate.thinking = frozenset({"the model": {"gpt-4o"}, "its fallback": {"o3"}}.get(why, ()))
    gate.fallbacks, gate.priced = {"gpt-4o": frozenset({"o3"})}, frozenset({"gpt-4o", "o3"})
    gate.litellm.parts, gate.hangs_up_after = [delta("one "), delta("two "), usage_chunk(3, 502), DONE], 1
    monkeypatch.setattr(hanging_up, "STREAM_SECONDS", 0.0)
    # When the stream ends
    asked = {"reasoning_effort": "high"} if why == "the request" else {}
    gate.call(body=chat(stream=True, **asked))
    # Then the record has the whole usage
    assert told(gate) == (Ending.COMPLETE, 3, 502, False)


def test_a_caller_who_does_not_wait_for_an_answer_pays_for_it(gate: GateHarness) -> None:
    gate.litellm.parts, gate.hangs_up_after = [answer()], 0
    gate.call()
    assert told(gate) == (Ending.COMPLETE, 3, 5, False)


def test_a_caller_who_hangs_up_before_a_stream_begins_pays_for_it(gate: GateHarness) -> None:
    gate.litellm.parts, gate.hangs_up_after = [delta("one "), usage_chunk(3, 5), DONE], 0
    gate.call(body=chat(stream=True))
    assert told(gate) == (Ending.COMPLETE, 3, 5, False)


def test_a_call_without_an_answer_in_time_is_refused(gate: GateHarness) -> None:
    gate.litellm.never_begins, gate.call_seconds_max = True, 0.01
    answered = gate.call()
    assert (answered.status, answered.document["error"]["code"]) == (504, "timeout")
    assert gate.records == []


def test_a_stream_that_lasts_too_long_is_ended_and_recorded(gate: GateHarness) -> None:
    gate.litellm.parts, gate.litellm.endless, gate.call_seconds_max = [delta("one two ")], True, 0.05
    assert gate.call(body=chat(stream=True)).body == delta("one two ")
    assert told(gate) == (Ending.BROKEN_OFF, 3, 2, True)


def test_nothing_is_called_that_cannot_be_recorded(gate: GateHarness) -> None:
    gate.outbox.close()
    answered = gate.call()
    assert (answered.status, answered.document["error"]["code"]) == (503, "cannot_record")
    assert gate.litellm.requests == []
