"""`python -m tests.benchmarks.gate_stopwatch PORT`, in LiteLLM's environment: the gate with a stopwatch in it.

As `tests.support.litellm_alone`, and PORT tells at `GET /seconds` what the gate took of each call. The stopwatch runs
from the request's arrival until LiteLLM is called, but not while its body is awaited, which LiteLLM would await too. It
stands still while LiteLLM works, and runs again from what LiteLLM sends until the gate passes it on: the first part of
a stream, the whole of another answer.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Final

from flareflow_gate import __main__ as gate_process
from flareflow_gate import configuration, litellm_app
from flareflow_gate.asgi import Asgi, Message, Receive, Scope, Send, answer_json
from flareflow_gate.browsers import OpenToBrowsers
from flareflow_gate.settings import Settings

WATCH: Final = "flareflow.stopwatch"


@dataclass
class Stopwatch:
    """The moments of one call, as `time.perf_counter` tells them."""

    arrived: float
    waited: float = 0.0
    called: float = 0.0
    given: float = 0.0
    seconds: float | None = None

    def sent(self) -> None:
        """The gate passes on a part of the answer; the first one counts."""
        if self.seconds is None and self.given:
            self.seconds = (self.called - self.arrived - self.waited) + (time.perf_counter() - self.given)


@dataclass(frozen=True)
class Watching:
    """Wraps the gate (`outer`) and LiteLLM (`inner`); the stopwatch travels in the scope of the request."""

    seconds: list[float] = field(default_factory=list)

    def outer(self, gate: Asgi) -> Asgi:
        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await gate(scope, receive, send)
                return
            watch = Stopwatch(time.perf_counter())

            async def passed_on(message: Message) -> None:
                if message.get("body"):
                    watch.sent()
                await send(message)

            async def awaited() -> Message:
                begin = time.perf_counter()
                message = await receive()
                if not watch.called:
                    watch.waited += time.perf_counter() - begin
                return message

            await gate({**scope, WATCH: watch}, awaited, passed_on)
            if watch.seconds is not None:
                self.seconds.append(watch.seconds)

        return watched

    def inner(self, litellm: Asgi) -> Asgi:
        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            watch: Stopwatch | None = scope.get(WATCH)
            if watch is None:
                await litellm(scope, receive, send)
                return
            watch.called = time.perf_counter()

            async def given(message: Message) -> None:
                watch.given = time.perf_counter()
                await send(message)

            await litellm(scope, receive, given)

        return watched

    def telling(self, litellm: Asgi) -> Asgi:
        """Answers `GET /seconds` with all that was measured since the last time; LiteLLM answers the rest."""

        async def told(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["path"] == "/seconds":
                await answer_json(send, 200, json.dumps(self.seconds).encode())
                self.seconds.clear()
            else:
                await litellm(scope, receive, send)

        return told


ALONE: Final = litellm_app.LITELLM
WATCHING: Final = Watching()


def install() -> None:
    """Put the stopwatch into the gate's process, before it makes its doors."""
    litellm_app.LITELLM = WATCHING.inner(ALONE)  # type: ignore[misc]
    make = gate_process.server
    gate_process.server = lambda app, host, port, *, runs_lifespan: make(
        WATCHING.outer(app) if isinstance(app, OpenToBrowsers) else app, host, port, runs_lifespan=runs_lifespan
    )


async def main(port: int) -> None:
    """Serve until a signal ends the gate."""
    install()
    alone = gate_process.server(WATCHING.telling(ALONE), "127.0.0.1", port, runs_lifespan=False)
    serving = asyncio.create_task(alone.serve())
    await gate_process.serve(Settings.from_environment(), configuration.load())
    alone.should_exit = True
    await serving


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
