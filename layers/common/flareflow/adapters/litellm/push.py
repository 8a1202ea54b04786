"""What LiteLLM's `generic_api` callback posts when calls have finished."""

import json
from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter

from flareflow.adapters.litellm.calls import Call, Text, Usd, readable_calls
from flareflow.errors import InvalidRequestError
from flareflow.metering.models import FinishedCall, PushedCalls

PUSH_EVENTS_MAX: Final = 500
PUSH_BYTES_MAX: Final = 5 * 1024 * 1024

_EVENTS: Final = TypeAdapter(Annotated[list[dict[str, object]], Field(max_length=PUSH_EVENTS_MAX)])


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


def pushed_calls(body: bytes) -> PushedCalls:
    """The successful calls of a push, a JSON array of events; failed calls are left out.

    Raises InvalidRequestError when the body is too long or not such an array.
    """
    if len(body) > PUSH_BYTES_MAX:
        raise InvalidRequestError("push_too_large", f"a push has at most {PUSH_BYTES_MAX} bytes, not {len(body)}")
    try:
        events = _EVENTS.validate_python(json.loads(body, parse_float=Decimal))
    except ValueError as error:
        message = f"a push is a JSON array of at most {PUSH_EVENTS_MAX} events"
        raise InvalidRequestError("invalid_push", message) from error
    successes = [event for event in events if event.get("status") != "failure"]
    calls = tuple(readable_calls(_Event, successes))
    return PushedCalls(len(events), calls, malformed=len(successes) - len(calls))
