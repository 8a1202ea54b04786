"""What LiteLLM's `generic_api` callback posts when calls have finished, read as if the gate had told it."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel

from flareflow.adapters.litellm.calls import Call, FinishedCall, Text, Usd, readable_calls
from flareflow.metering.calls import CallRecord, Ending, Tokens


class _Metadata(BaseModel):
    user_api_key_hash: Text


class _Event(Call):
    """One element of a push: a successful call as LiteLLM's `StandardLoggingPayload`."""

    status: Literal["success"]
    metadata: _Metadata
    response_cost: Usd
    startTime: AwareDatetime  # noqa: N815
    endTime: AwareDatetime  # noqa: N815

    def call(self) -> FinishedCall:
        return self.finished(self.metadata.user_api_key_hash, self.response_cost, self.startTime, self.endTime)


def callback_record(event: dict[str, Any]) -> CallRecord | None:
    """The record of a successful call; None for a failed one, or one that cannot be read: its row tells of it."""
    for call in readable_calls(_Event, [event] if event.get("status") != "failure" else []):
        return CallRecord(
            event_id=call.litellm_call_id,
            key_hash=call.key_hash,
            call_type="",
            model=call.model,
            answered_by=None,
            ending=Ending.COMPLETE,
            tokens=Tokens(prompt=call.prompt_tokens, completion=call.completion_tokens),
            tokens_are_estimated=True,
            started_at=call.started_at,
            ended_at=call.ended_at,
        )
    return None
