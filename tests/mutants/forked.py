"""pytest in processes that are forked from one that has packages and modules in memory, which saves most of each run.

Every copy of the repository has a server: a process that has loaded the installed packages and the modules of the copy
that tests import. For each run it forks. The fork forgets the module that has a fault and those that import it, so that
these are loaded from the copy again.
"""

import atexit
import gc
import os
import signal
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event
from typing import Any, Final, Self

import psutil

from infra.paths import ROOT
from tests.mutants.modules import Modules

PRELOADED: Final = [
    *("pytest", "_hypothesis_pytestplugin", "pytest_timeout", "pytest_socket"),
    *("hypothesis", "pydantic", "httpx", "jq", "samtranslator.translator.translator", "moto", "web3"),
    *("boto3", "aws_lambda_powertools.event_handler", "aws_lambda_powertools.utilities.batch"),
    *("cryptography.hazmat.primitives.asymmetric.ec", "eth_account", "psutil", "tenacity", "flow_py_sdk"),
]
FORKS: Final = get_context("forkserver")
CRASHED: Final = 3
"""pytest's own exit code for an internal error."""
LOOK_SECONDS: Final = 0.2
"""Between looks whether the run shall stop."""
INTERRUPT_SECONDS_MAX: Final = 30
"""For tests that are broken off, to stop servers that they have started; then they are killed."""
KILL_SECONDS_MAX: Final = 10


class StoppedError(Exception):
    """The whole run shall end, so the tests were broken off."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of pytest. What it prints goes to the file `output`; `faulty` is the file that has a fault, if any."""

    arguments: Sequence[str]
    output: Path
    faulty: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def preload() -> None:
    """From now on, servers are forked from one process that has the installed packages in memory."""
    FORKS.set_forkserver_preload(PRELOADED)


def python_path(root: Path) -> list[str]:
    """Where Python finds the modules of the repository, or of a copy of it, in `root`."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    return [str(root / folder) for folder in settings["pythonpath"]]


@dataclass(frozen=True, slots=True)
class PytestServer:
    """The process that runs of pytest are forked from, one at a time; it ends with the connection to it."""

    connection: "Connection[Any, Any]"

    @classmethod
    @contextmanager
    def of(cls, root: Path, tests: Iterable[str]) -> Iterator[Self]:
        """A server with the sources in `root`, and in memory what these tests import."""
        ours, theirs = FORKS.Pipe()
        process = FORKS.Process(target=_serve, args=(root, frozenset(tests), theirs))
        process.start()
        theirs.close()
        try:
            ours.recv()  # it has loaded its modules: a fault that is made earlier would be loaded with them
            yield cls(ours)
        finally:
            ours.close()
            process.join(KILL_SECONDS_MAX)
            process.kill()
            process.join()

    def run(self, run: Run, *, seconds_max: float, stop: Event) -> int:
        """The exit code of pytest.

        Raises TimeoutError where it takes longer than `seconds_max`, and StoppedError where `stop` is set before it
        ends; nothing of it runs any more then.
        """
        self.connection.send(astuple(run))  # the server has forgotten the class
        pid = self.connection.recv()
        ends = time.monotonic() + seconds_max
        while not (has_ended := self.connection.poll(LOOK_SECONDS)) and not stop.is_set() and time.monotonic() < ends:
            pass
        if not has_ended:
            _end(pid)
        exit_code = int(self.connection.recv())
        if stop.is_set():
            raise StoppedError
        if not has_ended:
            raise TimeoutError
        return exit_code if exit_code >= 0 else CRASHED


def _end(pid: int) -> None:
    """Interrupt a process as a terminal would, and kill it with the group that it leads if it does not end in time."""
    for send, number, seconds_max in (
        (os.kill, signal.SIGINT, INTERRUPT_SECONDS_MAX),
        (os.killpg, signal.SIGKILL, KILL_SECONDS_MAX),
    ):
        with suppress(ProcessLookupError):
            send(pid, number)
        ends = time.monotonic() + seconds_max
        while _runs(pid) and time.monotonic() < ends:
            time.sleep(0.01)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _serve(root: Path, tests: Iterable[str], connection: "Connection[Any, Any]") -> None:
    """Fork for each run that comes; tell the process, and how it has ended."""
    os.setsid()
    os.chdir(root)
    sys.dont_write_bytecode = False
    _import_from(root)
    modules = Modules.imported_by(tests, root)
    gc.freeze()
    connection.send(None)
    with suppress(EOFError):
        while True:
            run = Run(*connection.recv())
            pid = os.fork()
            if not pid:
                connection.close()
                _be_pytest(run, modules)
            connection.send(pid)
            _, status = os.waitpid(pid, 0)
            connection.send(os.waitstatus_to_exitcode(status))


def _be_pytest(run: Run, modules: Modules) -> None:
    exit_code = CRASHED
    try:
        os.setsid()
        with run.output.open("wb") as printed:
            os.dup2(printed.fileno(), sys.stdout.fileno())
            os.dup2(printed.fileno(), sys.stderr.fileno())
        os.environ.update(run.environment)
        if run.faulty:
            modules.forget(run.faulty)
        import pytest  # noqa: PLC0415 - not before the process is what it shall be

        exit_code = int(pytest.main(list(run.arguments)))
        atexit._run_exitfuncs()
        sys.stdout.flush()
    finally:
        os._exit(exit_code)


def _import_from(root: Path) -> None:
    """Forget the modules of this repository that led here, and find all of them below `root` from now on."""
    for name in list(sys.modules):
        if name.partition(".")[0] in {"infra", "tests"}:
            del sys.modules[name]
    own = {Path(folder) for folder in python_path(ROOT)}
    sys.path[:] = python_path(root) + [folder for folder in sys.path if folder and Path(folder) not in own]
