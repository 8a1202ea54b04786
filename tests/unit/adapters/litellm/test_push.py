"""Reading what LiteLLM's own callback posts, where no gate is in front of it."""

import pytest

from flareflow.adapters.litellm.push import callback_record
from flareflow.metering.calls import Ending, Tokens
from tests.unit.adapters.litellm.vectors import recorded


def event(**changed: object) -> dict[str, object]:
    return {**recorded("push")[0], **changed}


def test_a_recorded_push_is_read_as_the_call_it_reports() -> None:
    record = callback_record(event())
    assert record is not None
    assert record.event_id == "0a8a86b2-34f3-44bb-bc2b-90fa7c108377"
    assert record.key_hash == "ba7e291a0d32449e843a473660178e98a89220e1ff7a137ad0d2510bdbac4a57"
    assert (record.model, record.tokens) == ("fake-gpt", Tokens(prompt=3, completion=2))
    # the row says better what was used
    assert (record.ending, record.tokens_are_estimated) == (Ending.COMPLETE, True)


@pytest.mark.parametrize("changed", [{"status": "failure"}, {"prompt_tokens": "many"}, {"metadata": {}}])
def test_a_failed_call_or_one_in_another_form_is_left_to_its_row(changed: dict[str, object]) -> None:
    assert callback_record(event(**changed)) is None
