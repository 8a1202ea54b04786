"""The functions of the deployment: cold starts, scaling out, throttling."""

import asyncio
from collections.abc import Mapping
from typing import Final

from infra.local.gateway.deployment import FunctionSpec
from infra.local.gateway.runtime import Instance, Outcome

SCALE_OUT_MAX: Final = 4
PREWARM_AT_ONCE: Final = 2


class ThrottledError(Exception):
    """All of the function's reserved concurrency is in use."""


class Function:
    """One function and its instances; the most recently used one is warmest and goes first."""

    def __init__(self, spec: FunctionSpec) -> None:
        self.spec = spec
        self._idle: list[Instance] = []
        limit = SCALE_OUT_MAX if spec.reserved is None else min(spec.reserved, SCALE_OUT_MAX)
        self._slots = asyncio.Semaphore(limit)

    async def invoke(self, payload: bytes) -> Outcome:
        """The handler's outcome for one event.

        Raises `ThrottledError` at the reserved concurrency. A function without one waits for a free instance
        beyond `SCALE_OUT_MAX`, where AWS would go on starting more.
        """
        if self.spec.reserved is not None and self._slots.locked():
            raise ThrottledError(f"{self.spec.name} already runs {self.spec.reserved} at once")
        async with self._slots:
            return await self._invoke_on(self._idle.pop() if self._idle else Instance(self.spec), payload)

    async def prewarm(self) -> None:
        """Start one instance ahead of the first event; a failure shows at the first event."""
        async with self._slots:
            if not self._idle:
                instance = Instance(self.spec)
                if await instance.start() is None:
                    self._idle.append(instance)

    async def stop(self) -> None:
        for instance in self._idle:
            await instance.stop()
        self._idle.clear()

    async def _invoke_on(self, instance: Instance, payload: bytes) -> Outcome:
        try:
            failure = None if instance.is_started else await instance.start()
            outcome = failure or await instance.invoke(payload)
        except BaseException:
            await instance.stop()
            raise
        if instance.is_alive:
            self._idle.append(instance)
        return outcome


class Functions:
    """All functions by name."""

    def __init__(self, specs: Mapping[str, FunctionSpec]) -> None:
        self.by_name = {name: Function(spec) for name, spec in specs.items()}

    async def invoke(self, name: str, payload: bytes) -> Outcome:
        """Raises `ThrottledError`, and `KeyError` for a function that the template does not have."""
        return await self.by_name[name].invoke(payload)

    async def prewarm(self) -> None:
        """Start an instance of each function, few at a time, so that what is asked meanwhile is not starved."""
        turns = asyncio.Semaphore(PREWARM_AT_ONCE)

        async def one(function: Function) -> None:
            async with turns:
                await function.prewarm()

        await asyncio.gather(*map(one, self.by_name.values()))

    async def stop(self) -> None:
        await asyncio.gather(*(function.stop() for function in self.by_name.values()))
