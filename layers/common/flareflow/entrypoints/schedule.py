"""The events that AWS sends, as far as more than one function needs them."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from flareflow.time import Deadline


class ScheduledTick(BaseModel):
    """An EventBridge schedule firing; `time` is when it was due, so a retried tick has the same one."""

    source: Literal["aws.events"]
    time: datetime


def deadline_of(context: LambdaContext) -> Deadline:
    """When Lambda will end this invocation."""
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    return Deadline(datetime.now(UTC) + left)
