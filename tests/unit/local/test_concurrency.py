"""How events find instances: throttling, scaling out, and replacing what has ended."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws.gateway import functions
from infra.local.aws.gateway.deployment import FunctionSpec
from infra.local.aws.gateway.functions import EventTooLargeError, Function, ThrottledError
from infra.local.aws.gateway.runtime import EVENT_BYTES_MAX, Outcome


@dataclass
class FakeInstances:
    """Makes instances that work until `finish` is set, and that do not start while `broken`."""

    finish: asyncio.Event = field(default_factory=asyncio.Event)
    started: int = 0
    is_broken: bool = False
    ends: bool = False

    def __call__(self, _: FunctionSpec) -> "FakeInstance":
        self.started += 1
        return FakeInstance(self, self.started)


@dataclass
class FakeInstance:
    made_by: FakeInstances
    number: int
    is_alive: bool = True

    async def start(self) -> Outcome | None:
        return Outcome.failure("Runtime.ImportModuleError", "broken") if self.made_by.is_broken else None

    async def invoke(self, _: bytes) -> Outcome:
        await self.made_by.finish.wait()
        self.is_alive = not self.made_by.ends
        return Outcome(str(self.number).encode())

    async def stop(self) -> None:
        self.is_alive = False


def function(reserved: int | None = None) -> Function:
    return Function(FunctionSpec("Probe", Path(), "app.handler", 2.0, 128, reserved, environment={}))


@pytest.fixture
def instances(monkeypatch: pytest.MonkeyPatch) -> FakeInstances:
    made = FakeInstances()
    monkeypatch.setattr(functions, "Instance", made)
    return made


def run[T](work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def test_an_event_beyond_the_reserved_concurrency_is_throttled(instances: FakeInstances) -> None:
    async def two_at_once() -> None:
        probe = function(reserved=1)
        first = asyncio.create_task(probe.invoke(b"{}"))
        await asyncio.sleep(0)
        with pytest.raises(ThrottledError):
            await probe.invoke(b"{}")
        instances.finish.set()
        assert (await first).payload == b"1"

    run(two_at_once())


def test_an_event_that_finds_all_busy_starts_another_instance(
    instances: FakeInstances, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(functions, "BUSY_SECONDS", 0.0)

    async def two_at_once() -> None:
        probe = function()
        first, second = [asyncio.create_task(probe.invoke(b"{}")) for _ in range(2)]
        while instances.started < 2:
            await asyncio.sleep(0)
        instances.finish.set()
        assert {(await first).payload, (await second).payload} == {b"1", b"2"}

    run(two_at_once())


def test_a_free_instance_is_used_again(instances: FakeInstances) -> None:
    async def one_after_the_other() -> list[bytes]:
        instances.finish.set()
        probe = function()
        return [(await probe.invoke(b"{}")).payload for _ in range(3)]

    assert run(one_after_the_other()) == [b"1", b"1", b"1"]


def test_an_instance_that_ended_is_replaced(instances: FakeInstances) -> None:
    async def one_after_the_other() -> list[bytes]:
        instances.finish.set()
        instances.ends = True
        probe = function()
        return [(await probe.invoke(b"{}")).payload for _ in range(2)]

    assert run(one_after_the_other()) == [b"1", b"2"]


def test_an_event_whose_instance_does_not_start_gets_the_failure(instances: FakeInstances) -> None:
    instances.is_broken = True
    failed = run(function().invoke(b"{}"))
    assert failed.is_error
    assert b"Runtime.ImportModuleError" in failed.payload


def test_an_event_above_6_mb_reaches_no_instance(instances: FakeInstances) -> None:
    with pytest.raises(EventTooLargeError):
        run(function().invoke(b" " * (EVENT_BYTES_MAX + 1)))
    assert instances.started == 0
