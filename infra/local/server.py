"""One server of the local stack: how to start it, when it is ready, how to stop exactly that one."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import psutil

from infra.local.ports import HOST, port
from infra.local.run_dir import run_dir

POLL_SECONDS: Final = 0.1
STOP_SECONDS: Final = 15.0


class PortTakenError(Exception):
    """Somebody else listens where a server of ours should."""


class ServerFailedError(Exception):
    """The server ended, or was not ready in time; the message ends with the tail of its log."""


@dataclass(frozen=True, slots=True)
class Server:
    """What to run and how to see that it is ready.

    `needs` names the servers that must be ready first. `ports` are names in `infra.local.ports`.
    `stop_signal` is what makes it flush and leave; after `STOP_SECONDS` it is killed.
    """

    name: str
    command: Sequence[str]
    ports: Sequence[str]
    is_ready: Callable[[], bool]
    needs: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    ready_seconds: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def log(self) -> Path:
        return run_dir() / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        return run_dir() / f"{self.name}.pid.json"

    def process(self) -> psutil.Process | None:
        """The running process that we started, never another that took over its pid."""
        try:
            noted = json.loads(self.pid_file.read_text())
            process = psutil.Process(noted["pid"])
        except (FileNotFoundError, psutil.NoSuchProcess):
            return None
        same = abs(process.create_time() - noted["created"]) < 1
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None

    def refuse_taken_ports(self) -> None:
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
        """Start in the background and return once it is ready; nothing to do where it runs already."""
        if self.process() is None:
            self.refuse_taken_ports()
            self._spawn()
        self._wait_until_ready()

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
        started.returncode = 0  # it outlives this process on purpose: Popen is not to warn about that
        self.pid_file.write_text(json.dumps({"pid": started.pid, "created": created}))

    def _wait_until_ready(self) -> None:
        give_up = time.monotonic() + self.ready_seconds
        while time.monotonic() < give_up:
            if self.process() is None:
                raise ServerFailedError(f"{self.name} ended while starting:\n{self.log_tail()}")
            if self.is_ready():
                return
            time.sleep(POLL_SECONDS)
        raise ServerFailedError(f"{self.name} was not ready in {self.ready_seconds:.0f} s:\n{self.log_tail()}")

    def log_tail(self, lines: int = 20) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def stop(self) -> None:
        """Stop the process group that `start` made; nothing to do where it does not run."""
        process = self.process()
        if process is not None:
            members = [process, *process.children(recursive=True)]
            process.send_signal(self.stop_signal)
            _, left = psutil.wait_procs(members, timeout=STOP_SECONDS)
            for member in left:
                member.kill()
            psutil.wait_procs(left, timeout=STOP_SECONDS)
        self.pid_file.unlink(missing_ok=True)


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
