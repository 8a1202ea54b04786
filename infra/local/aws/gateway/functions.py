"""The functions of the deployment: cold starts, scaling out, throttling."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from infra.local.aws.gateway.deployment import FunctionSpec
from infra.local.aws.gateway.runtime import EVENT_BYTES_MAX, Instance, Outcome

SCALE_OUT_MAX: Final = 4
PREWARM_AT_ONCE: Final = 2
BUSY_SECONDS: Final = 0.3
"""How long an event waits for a busy instance. AWS starts another one at once; here, that would slow the busy ones."""


class ThrottledError(Exception):
    """All of the function's reserved concurrency is in use."""


class EventTooLargeError(Exception):
    """The event is larger than Lambda takes."""


class Function:
    """One function and its instances.

    An event goes to the most recently used free instance. If all are busy for `BUSY_SECONDS`, another instance is
    started, and the event goes to the first one that becomes free.
    """

    def __init__(self, spec: FunctionSpec) -> None:
        self.spec = spec
        self._limit = SCALE_OUT_MAX if spec.reserved is None else min(spec.reserved, SCALE_OUT_MAX)
        self._ready: asyncio.LifoQueue[Instance | Outcome] = asyncio.LifoQueue()
        self._instances = 0
        self._events = 0
        self._starts: set[asyncio.Task[None]] = set()

    async def invoke(self, payload: bytes) -> Outcome:
        """Returns the handler's outcome, or the failure of the instance that was started for the event.

        Raises `EventTooLargeError`, and `ThrottledError` when the reserved concurrency is in use. A function without
        reserved concurrency has at most `SCALE_OUT_MAX` instances; further events wait.
        """
        if len(payload) > EVENT_BYTES_MAX:
            raise EventTooLargeError(f"Request must be smaller than {EVENT_BYTES_MAX} bytes")
        if self.spec.reserved is not None and self._events >= self.spec.reserved:
            raise ThrottledError(f"{self.spec.name} already runs {self.spec.reserved} at once")
        self._events += 1
        try:
            free = await self._free_instance()
            return free if isinstance(free, Outcome) else await self._invoke_on(free, payload)
        finally:
            self._events -= 1

    async def prewarm(self) -> None:
        """Start one instance before the first event. If it fails, the first event gets the failure."""
        self._grow()
        await asyncio.gather(*self._starts)

    async def stop(self) -> None:
        for start in self._starts:
            start.cancel()
        while not self._ready.empty():
            free = self._ready.get_nowait()
            if isinstance(free, Instance):
                await free.stop()

    async def _free_instance(self) -> Instance | Outcome:
        if self._instances > 0:
            with suppress(TimeoutError):
                return await asyncio.wait_for(self._ready.get(), BUSY_SECONDS)
        self._grow()
        return await self._ready.get()

    def _grow(self) -> None:
        if self._instances < self._limit:
            self._instances += 1
            start = asyncio.create_task(self._start())
            self._starts.add(start)
            start.add_done_callback(self._starts.discard)

    async def _start(self) -> None:
        instance = Instance(self.spec)
        try:
            failure = await instance.start()
        except BaseException:
            await instance.stop()
            raise
        if failure is not None:
            self._instances -= 1
        self._ready.put_nowait(failure or instance)

    async def _invoke_on(self, instance: Instance, payload: bytes) -> Outcome:
        try:
            return await instance.invoke(payload)
        except BaseException:
            await instance.stop()
            raise
        finally:
            if instance.is_alive:
                self._ready.put_nowait(instance)
            else:
                self._instances -= 1
                if self._events > self._instances:
                    self._grow()


class Functions:
    """All functions by name."""

    def __init__(self, specs: Mapping[str, FunctionSpec]) -> None:
        self.by_name = {name: Function(spec) for name, spec in specs.items()}

    async def invoke(self, name: str, payload: bytes) -> Outcome:
        """Raises `EventTooLargeError`, `ThrottledError`, or `KeyError` if the template has no such function."""
        return await self.by_name[name].invoke(payload)

    async def prewarm(self) -> None:
        """Start an instance of each function, `PREWARM_AT_ONCE` at a time, so that requests are still answered."""
        turns = asyncio.Semaphore(PREWARM_AT_ONCE)

        async def one(function: Function) -> None:
            async with turns:
                await function.prewarm()

        await asyncio.gather(*map(one, self.by_name.values()))

    async def stop(self) -> None:
        await asyncio.gather(*(function.stop() for function in self.by_name.values()))
