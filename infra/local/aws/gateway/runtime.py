"""One execution environment: a real `awslambdaric` process and the Runtime API that feeds it.

Like a Lambda sandbox, each instance has a Runtime API of its own, on a free loopback port. The port alone tells which
instance asks for an event, answers or fails.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import asyncio
import json
import os
import sys
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from infra.local.aws.gateway.deployment import FunctionSpec
from infra.local.ports import HOST
from infra.local.run_dir import run_dir
from infra.paths import ROOT

RUNTIME_API: Final = "/2018-06-01/runtime"
LAYER: Final = ROOT / "layers" / "common"
INIT_SECONDS: Final = 30.0  # Lambda gives 10 s to a whole processor; here many start on few
SHUTDOWN_SECONDS: Final = 1.0
EVENT_BYTES_MAX: Final = 6 * 1024 * 1024
ANSWER_BYTES_MAX: Final = EVENT_BYTES_MAX + 100  # Lambda's own number


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an invocation: the handler's JSON, or Lambda's error object if `is_error`."""

    payload: bytes
    is_error: bool = False

    @classmethod
    def failure(cls, error_type: str, message: str) -> "Outcome":
        return cls(json.dumps({"errorType": error_type, "errorMessage": message}).encode(), is_error=True)


@dataclass(slots=True, eq=False)
class Invocation:
    """One event that an instance handles. `deadline_ms` is Unix time in milliseconds."""

    payload: bytes
    deadline_ms: int
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    outcome: asyncio.Future[Outcome] = field(default_factory=asyncio.Future)

    def settle(self, outcome: Outcome) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class Instance:
    """An execution environment of one function; handles one event at a time until it ends or is stopped."""

    def __init__(self, spec: FunctionSpec) -> None:
        self.spec = spec
        self._events: asyncio.Queue[Invocation] = asyncio.Queue(maxsize=1)
        self._current: Invocation | None = None
        self._initialised: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._init_failure: Outcome | None = None
        self._runner = web.AppRunner(self._runtime_api(), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        self._process: asyncio.subprocess.Process | None = None
        self._ended: asyncio.Task[int] | None = None

    @property
    def _log(self) -> Path:
        return run_dir() / "functions" / f"{self.spec.name}.log"

    @property
    def is_started(self) -> bool:
        return self._ended is not None

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> Outcome | None:
        """Start the process and wait until it asks for its first event; returns the failure, or None."""
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "awslambdaric", self.spec.handler),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                cwd=self.spec.code,
                env=self._environment(),
            )
        self._ended = asyncio.create_task(self._process.wait())
        await self._first_of(self._initialised, INIT_SECONDS)
        if self._initialised.done():
            return None
        await self.stop()
        return self._init_failure or Outcome.failure("Runtime.ExitError", "the runtime ended or hung in its init")

    async def invoke(self, payload: bytes) -> Outcome:
        """Give one event to the handler. An instance that exceeds the function's timeout is stopped, as Lambda does."""
        began = time.perf_counter()
        outcome = await self._handle(payload)
        result = "error" if outcome.is_error else "ok"
        with self._log.open("a") as log:
            log.write(f"REPORT {result} Duration: {(time.perf_counter() - began) * 1000:.1f} ms\n")
        return outcome

    async def _handle(self, payload: bytes) -> Outcome:
        timeout = self.spec.timeout_seconds
        invocation = Invocation(payload, deadline_ms=round((time.time() + timeout) * 1000))
        self._events.put_nowait(invocation)
        await self._first_of(invocation.outcome, timeout)
        if invocation.outcome.done():
            return invocation.outcome.result()
        timed_out = self.is_alive
        await self.stop()
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        if timed_out:
            message = f"{at} {invocation.request_id} Task timed out after {timeout:.2f} seconds"
            return Outcome.failure("Sandbox.Timedout", message)
        return Outcome.failure("Runtime.ExitError", f"RequestId: {invocation.request_id} Error: Runtime exited")

    async def stop(self) -> None:
        """End the process and its Runtime API."""
        self._events.shutdown(immediate=True)
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        await self._runner.cleanup()

    async def _first_of(self, waited: asyncio.Future[Any], seconds: float) -> None:
        """Wait until `waited` is done, the process ends or the seconds are over."""
        assert self._ended is not None
        await asyncio.wait({waited, self._ended}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)

    def _environment(self) -> dict[str, str]:
        address = self._runner.addresses[0]
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "PYTHONPATH": str(LAYER),
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_NAME": self.spec.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.spec.memory_mb),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.spec.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_LAMBDA_RUNTIME_API": f"{address[0]}:{address[1]}",
            "LAMBDA_TASK_ROOT": str(self.spec.code),
            **self.spec.environment,
        }

    def _runtime_api(self) -> web.Application:
        app = web.Application(client_max_size=ANSWER_BYTES_MAX)
        app.router.add_get(f"{RUNTIME_API}/invocation/next", self._next)
        app.router.add_post(f"{RUNTIME_API}/invocation/{{request_id}}/response", self._response)
        app.router.add_post(f"{RUNTIME_API}/invocation/{{request_id}}/error", self._error)
        app.router.add_post(f"{RUNTIME_API}/init/error", self._init_error)
        return app

    async def _next(self, _: web.Request) -> web.Response:
        if not self._initialised.done():
            self._initialised.set_result(None)
        try:
            self._current = await self._events.get()
        except asyncio.QueueShutDown:
            return web.Response(status=410)
        headers = {
            "Lambda-Runtime-Aws-Request-Id": self._current.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self._current.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.spec.arn,
            "Lambda-Runtime-Trace-Id": trace_id(),
        }
        return web.Response(body=self._current.payload, content_type="application/json", headers=headers)

    async def _response(self, request: web.Request) -> web.Response:
        try:
            return self._settle(request, Outcome(await request.read()))
        except web.HTTPRequestEntityTooLarge:
            message = f"Response payload size exceeded maximum allowed payload size ({ANSWER_BYTES_MAX} bytes)."
            return self._settle(request, Outcome.failure("Function.ResponseSizeTooLarge", message))

    async def _error(self, request: web.Request) -> web.Response:
        return self._settle(request, Outcome(await request.read(), is_error=True))

    def _settle(self, request: web.Request, outcome: Outcome) -> web.Response:
        current = self._current
        if current is None or current.request_id != request.match_info["request_id"]:
            return web.json_response({"errorType": "InvalidRequestID"}, status=400)
        current.settle(outcome)
        return web.json_response({"status": "OK"}, status=202)

    async def _init_error(self, request: web.Request) -> web.Response:
        self._init_failure = Outcome(await request.read(), is_error=True)
        return web.json_response({"status": "OK"}, status=202)


def trace_id() -> str:
    """A new X-Ray trace header, not sampled."""
    return f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Parent={uuid.uuid4().hex[:16]};Sampled=0"
