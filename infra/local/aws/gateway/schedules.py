"""Schedules: every `AWS::Events::Rule` of the template invokes its function at a fixed rate."""

import asyncio
import json
import math
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from infra.local.aws import session as aws
from infra.local.aws.gateway.deployment import Deployment, function_of
from infra.local.aws.gateway.functions import Functions, ThrottledError

TICK_VARIABLE: Final = "FLAREFLOW_TICK_SECONDS"
TICK_RATE_SECONDS: Final = 300
UNIT_SECONDS: Final = {"minute": 60, "hour": 3600, "day": 86400}


@dataclass(frozen=True, slots=True)
class Schedule:
    """Invokes `function` every `seconds`. Its events name `rule_arn` as their resource."""

    rule_arn: str
    function: str
    seconds: float

    async def run(self, functions: Functions) -> None:
        """Invoke the function until cancelled. A tick that is due while the last one still runs is skipped."""
        due = time.time()
        while True:
            with suppress(ThrottledError):  # busy with another event: this tick is lost
                await functions.invoke(self.function, json.dumps(self.event(due)).encode())
            late_seconds = time.time() - due
            due += self.seconds * max(1, math.ceil(late_seconds / self.seconds))
            await asyncio.sleep(due - time.time())

    def event(self, due: float) -> dict[str, Any]:
        """The event that EventBridge would send. Its `time` is when the tick was due, in whole seconds."""
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": aws.ACCOUNT_ID,
            "time": datetime.fromtimestamp(int(due), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": aws.REGION,
            "resources": [self.rule_arn],
            "detail": {},
        }


def schedules(deployment: Deployment) -> Iterator[Schedule]:
    """All schedules. `FLAREFLOW_TICK_SECONDS`, if set, is how long five minutes of the template's rates last here."""
    tick_seconds = float(os.environ.get(TICK_VARIABLE) or TICK_RATE_SECONDS)
    for name, properties in deployment.template.of_type("AWS::Events::Rule"):
        rule = deployment.resolve(properties)
        seconds = rate_seconds(rule["ScheduleExpression"]) * tick_seconds / TICK_RATE_SECONDS
        for target in rule["Targets"]:
            yield Schedule(aws.arn("events", f"rule/{name}"), function_of(target["Arn"]), seconds)


def rate_seconds(expression: str) -> int:
    """The seconds of a rate expression: 300 for `rate(5 minutes)`. Raises `ValueError` for any other expression."""
    match expression.removeprefix("rate(").removesuffix(")").split():
        case [count, unit] if unit.removesuffix("s") in UNIT_SECONDS:
            return int(count) * UNIT_SECONDS[unit.removesuffix("s")]
        case _:
            raise ValueError(f"a schedule is rate(<count> <unit>), not {expression}")
