"""When a schedule fires, and what it sends."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from infra.local.aws.gateway.functions import ThrottledError
from infra.local.aws.gateway.runtime import Outcome
from infra.local.aws.gateway.schedules import Schedule


@dataclass
class FakeTime:
    """The clock and the pauses of the schedule; after `ticks` pauses the schedule is cancelled."""

    now: float = 1_000_000_000.0
    ticks: int = 3

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.ticks -= 1
        if self.ticks == 0:
            raise asyncio.CancelledError


@dataclass
class FakeFunctions:
    """Handles a tick for `seconds`, or has no room for it."""

    time: FakeTime
    seconds: float = 1.0
    is_throttled: bool = False
    fired: list[float] = field(default_factory=list)

    async def invoke(self, _: str, payload: bytes) -> Outcome:
        self.fired.append(datetime.fromisoformat(json.loads(payload)["time"]).timestamp())
        if self.is_throttled:
            raise ThrottledError
        self.time.now += self.seconds
        return Outcome(b"null")


def fired(monkeypatch: pytest.MonkeyPatch, *, seconds: float = 1.0, is_throttled: bool = False) -> list[float]:
    """The due times of three ticks of a rule that fires every 10 s, counted from the first."""
    fake = FakeTime()
    functions = FakeFunctions(fake, seconds, is_throttled)
    monkeypatch.setattr("time.time", fake.time)
    monkeypatch.setattr("asyncio.sleep", fake.sleep)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(Schedule("arn:rule", "Tick", 10.0).run(functions))  # type: ignore[arg-type]
    return [due - functions.fired[0] for due in functions.fired]


def test_a_rule_fires_at_its_rate_whatever_its_function_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fired(monkeypatch) == [0.0, 10.0, 20.0]


def test_a_tick_that_is_due_while_the_last_one_runs_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fired(monkeypatch, seconds=25.0) == [0.0, 30.0, 60.0]


def test_a_function_that_is_busy_misses_a_tick_and_gets_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fired(monkeypatch, is_throttled=True) == [0.0, 10.0, 20.0]
