"""One server of the local stack: how to start it, when it is ready, how to stop it and no other."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import psutil

from infra.local.patience import Patience, Signs
from infra.local.ports import HOST, port
from infra.local.run_dir import run_dir
from infra.waiting import until

STOP_SECONDS: Final = 30.0
LOG_LINES: Final = 20


class PortTakenError(Exception):
    """Another program listens on the port of one of our servers."""


class ServerFailedError(Exception):
    """A server ended while it started, or was given up; the message ends with the last lines of its log."""


@dataclass(frozen=True, slots=True)
class Server:
    """What to run and how to see that it is ready.

    `needs` names the servers that must be ready first. `ports` are names in `infra.local.ports`.
    `stop_signal` asks it to end; after `STOP_SECONDS` it is killed. `usual_seconds` is how long it takes to start.
    """

    name: str
    command: Sequence[str]
    ports: Sequence[str]
    is_ready: Callable[[], bool]
    needs: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    usual_seconds: float = 3.0
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def log(self) -> Path:
        return run_dir() / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        return run_dir() / f"{self.name}.pid.json"

    def process(self) -> psutil.Process | None:
        """The running process that we started, never another one that has its pid by now."""
        try:
            noted = json.loads(self.pid_file.read_text())
            process = psutil.Process(noted["pid"])
            same = abs(process.create_time() - noted["created"]) < 1
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except (FileNotFoundError, psutil.NoSuchProcess):
            return None

    def refuse_taken_ports(self) -> None:
        """Raises PortTakenError when one of the ports is in use."""
        for name in self.ports:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, port(name)))
                except OSError as error:
                    raise PortTakenError(
                        f"{self.name} wants port {port(name)} and something else listens there; "
                        f"set FLAREFLOW_PORT_{name.upper()} or FLAREFLOW_PORT_BASE"
                    ) from error

    def start(self) -> None:
        """Start in the background and return once it is ready; when it runs already, only wait until it is ready.

        When the start fails or is interrupted, the server is stopped again.
        """
        if self.process() is not None:
            return self._wait_until_ready()
        self.refuse_taken_ports()
        try:
            self._spawn()
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _spawn(self) -> None:
        with self.log.open("wb") as log:
            started = subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.cwd,
                env={**os.environ, **self.env},
                start_new_session=True,
            )
        created = psutil.Process(started.pid).create_time()
        started.returncode = 0  # the server outlives this process on purpose; without this, Popen would warn about it
        self.pid_file.write_text(json.dumps({"pid": started.pid, "created": created}))

    def _wait_until_ready(self) -> None:
        patience = Patience(self.signs)

        def ready() -> bool | None:
            if self.process() is None:
                raise self._failure("ended while it started")
            return self.is_ready() or None

        try:
            until(ready, patience)
        except TimeoutError as error:
            raise self._failure(patience.reason) from error

    def signs(self) -> Signs:
        """What the server and its children have done so far."""
        log_bytes = self.log.stat().st_size if self.log.exists() else 0
        process = self.process()
        if process is None:
            return Signs(log_bytes, 0.0)
        try:
            times = [member.cpu_times() for member in (process, *process.children(recursive=True))]
        except psutil.Error:  # one of them ended meanwhile
            return Signs(log_bytes, 0.0)
        return Signs(log_bytes, sum(sum(time[:4]) for time in times))

    def _failure(self, what: str) -> ServerFailedError:
        said = tail(self.log, LOG_LINES) or "(nothing)"
        return ServerFailedError(f"{self.name} {what}. Its log, {self.log}, ends with:\n{said}")

    def stop(self) -> bool:
        """Stop what `start` began, with all its children; whether it was running."""
        process = self.process()
        if process is not None:
            members = [process, *children(process)]
            with suppress(psutil.NoSuchProcess):
                process.send_signal(self.stop_signal)
            _, left = psutil.wait_procs(members, timeout=STOP_SECONDS)
            for member in left:
                with suppress(psutil.NoSuchProcess):
                    member.kill()
            psutil.wait_procs(left, timeout=STOP_SECONDS)
        self.pid_file.unlink(missing_ok=True)
        return process is not None


def children(process: psutil.Process) -> Sequence[psutil.Process]:
    """All processes that it has begun, and theirs; none if it has just ended."""
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def tail(log: Path, lines: int) -> str:
    """The last lines of a log; empty where there is none."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(text.splitlines()[-lines:])


def answers(url: str, contains: str = "") -> Callable[[], bool]:
    """Ready once a GET of `url` is answered with 2xx and `contains` in its body."""

    def ready() -> bool:
        try:
            response = httpx.get(url, timeout=2.0)
        except httpx.HTTPError:
            return False
        return response.is_success and contains in response.text

    return ready


def listens(name: str) -> Callable[[], bool]:
    """Ready once the named port accepts a connection."""

    def ready() -> bool:
        try:
            with socket.create_connection((HOST, port(name)), timeout=1.0):
                return True
        except OSError:
            return False

    return ready
