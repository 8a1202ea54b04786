"""The record of one call: what the gate saw, for `usage_ingest`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from flareflow.metering.calls import Ending, Tokens


class CallRecord(BaseModel):
    """One call. `event_id` is the gate's own and becomes `litellm_call_id` in LiteLLM's spend log.

    `model` is the name that the caller used, `answered_by` the one in the answer. `base_model` is what the deployment
    calls, where the configuration has only one. `tokens_are_estimated`: counted by the gate from the text, since the
    answer ended before it told its usage.
    """

    model_config = ConfigDict(frozen=True)

    event_id: str
    key_hash: str
    call_type: str
    model: str
    answered_by: str | None = None
    base_model: str | None = None
    ending: Ending
    tokens: Tokens = Tokens()
    tokens_are_estimated: bool = False
    started_at: datetime
    ended_at: datetime

    @property
    def answering_model(self) -> str:
        """The name by which the call is rated."""
        return self.answered_by or self.model

    def ended(self, ending: Ending, tokens: Tokens, *, estimated: bool, at: datetime) -> Self:
        """The record of the admitted call once its answer has ended."""
        changes = {"ending": ending, "tokens": tokens, "tokens_are_estimated": estimated, "ended_at": at}
        return self.model_copy(update=changes)

    def answered(self, by: str | None, base_model: str | None) -> Self:
        return self.model_copy(update={"answered_by": by, "base_model": base_model})

    def encode(self) -> bytes:
        return self.model_dump_json().encode()


@dataclass(frozen=True, slots=True)
class Settled:
    """A stored call that has ended, and what it costs by the price book in force now."""

    record: CallRecord
    rated_microtokens: int
