"""EventBridge schedules, and the time that Lambda leaves to an invocation."""

from datetime import datetime, timedelta
from typing import Literal

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict

from flareflow.time import Deadline, utc_now


class ScheduledTick(BaseModel):
    """The event of a schedule; `time` is when it was due, so a retry has the same time."""

    model_config = ConfigDict(defer_build=True)

    source: Literal["aws.events"]
    time: datetime


def deadline_of(context: LambdaContext) -> Deadline:
    """The moment at which Lambda ends this invocation."""
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    return Deadline(utc_now() + left)
