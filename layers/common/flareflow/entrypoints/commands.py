"""Commands of an operator to functions that otherwise run on a schedule. IAM says who may give them."""

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from flareflow.entrypoints.schedule import ScheduledTick


class Repair(BaseModel):
    """Enter events that were set aside, if they can be entered now."""

    model_config = ConfigDict(extra="forbid")

    command: Literal["repair"]


_EVENT: Final[TypeAdapter[ScheduledTick | Repair]] = TypeAdapter(ScheduledTick | Repair)


def tick_or_repair(event: Mapping[str, object]) -> ScheduledTick | Repair:
    """What an event of `chain_events` asks for. Raises ValidationError for any other event."""
    return _EVENT.validate_python(event)
