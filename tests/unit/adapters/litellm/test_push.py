"""Reading what LiteLLM's callback posts."""

import json
from datetime import UTC, datetime

import pytest

from flareflow.adapters.litellm.push import PUSH_BYTES_MAX, PUSH_EVENTS_MAX, pushed_calls
from flareflow.errors import InvalidRequestError
from flareflow.metering.models import FinishedCall
from tests.unit.adapters.litellm.vectors import FOLDER, recorded


def event(**changed: object) -> dict[str, object]:
    return {**recorded("push")[0], **changed}


def test_a_recorded_push_is_read_as_the_call_it_reports() -> None:
    pushed = pushed_calls((FOLDER / "push.json").read_bytes())
    assert (pushed.received, pushed.malformed) == (1, 0)
    assert pushed.calls == (
        FinishedCall(
            litellm_call_id="0a8a86b2-34f3-44bb-bc2b-90fa7c108377",
            key_hash="ba7e291a0d32449e843a473660178e98a89220e1ff7a137ad0d2510bdbac4a57",
            model="fake-gpt",
            prompt_tokens=3,
            completion_tokens=2,
            cost_nanousd=7_000,
            started_at=datetime(2026, 11, 23, 12, 50, 10, 921_273, tzinfo=UTC),
            ended_at=datetime(2026, 11, 23, 12, 50, 10, 976_699, tzinfo=UTC),
        ),
    )


def test_failed_calls_of_a_push_are_left_out_and_malformed_events_counted() -> None:
    body = json.dumps([event(), event(status="failure"), event(prompt_tokens="many"), {}])
    pushed = pushed_calls(body.encode())
    assert (pushed.received, len(pushed.calls), pushed.malformed) == (4, 1, 2)


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"\xff"])
def test_a_push_that_is_no_array_of_events_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        pushed_calls(body)
    assert refused.value.code == "invalid_push"


def test_a_push_of_more_events_than_the_limit_is_refused() -> None:
    # Given as many good events as a push may have
    events = [event(messages=None, response=None, model_map_information=None)] * PUSH_EVENTS_MAX
    assert len(pushed_calls(json.dumps(events).encode()).calls) == PUSH_EVENTS_MAX
    # When there is one more, then the push is refused
    with pytest.raises(InvalidRequestError) as refused:
        pushed_calls(json.dumps([*events, events[0]]).encode())
    assert refused.value.code == "invalid_push"


def test_a_push_of_more_bytes_than_the_limit_is_refused() -> None:
    # Given a good push, padded to as many bytes as a push may have
    body = json.dumps([event()]).encode()
    longest = body + b" " * (PUSH_BYTES_MAX - len(body))
    assert len(pushed_calls(longest).calls) == 1
    # When it has one byte more, then it is refused
    with pytest.raises(InvalidRequestError) as refused:
        pushed_calls(longest + b" ")
    assert refused.value.code == "push_too_large"
