"""pytest in a process forked from one that has the installed packages in memory, which saves seconds for each run."""

import gc
import os
import signal
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from threading import Event
from typing import Final

import psutil

from infra.paths import ROOT

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


def preload() -> None:
    """From now on, processes are forked from one that has the installed packages in memory."""
    FORKS.set_forkserver_preload(PRELOADED)


def python_path(root: Path) -> list[str]:
    """Where Python finds the modules of the repository, or of a copy of it, in `root`."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    return [str(root / folder) for folder in settings["pythonpath"]]


def run_pytest(
    arguments: Sequence[str],
    root: Path,
    environment: Mapping[str, str],
    output: Path,
    *,
    seconds_max: float,
    stop: Event,
) -> int:
    """Run pytest on the sources in `root`; its exit code. What it prints goes to the file `output`.

    The code comes through a file: `multiprocessing` says 255 where the fork server could not tell it that of a process.
    Raises TimeoutError where it takes longer than `seconds_max`, and StoppedError where `stop` is set before it ends;
    nothing of it runs any more then.
    """
    verdict = output.with_suffix(".exit_code")
    verdict.unlink(missing_ok=True)
    process = FORKS.Process(target=_be_pytest, args=(list(arguments), root, dict(environment), output, verdict))
    process.start()
    assert process.pid is not None
    ends = time.monotonic() + seconds_max
    while process.exitcode is None and not stop.is_set() and time.monotonic() < ends:
        process.join(LOOK_SECONDS)
    has_ended = process.exitcode is not None
    if has_ended and verdict.exists():
        return int(verdict.read_text())
    _end(process.pid)
    process.join(KILL_SECONDS_MAX)
    if stop.is_set():
        raise StoppedError
    if not has_ended:
        raise TimeoutError
    return CRASHED


def _end(pid: int) -> None:
    """Interrupt a process as a terminal would, and kill it with the group that it leads if it does not end in time.

    It may be there although its fork server has ended.
    """
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


def _be_pytest(arguments: list[str], root: Path, environment: Mapping[str, str], output: Path, verdict: Path) -> None:
    os.setsid()
    with output.open("wb") as printed:
        os.dup2(printed.fileno(), sys.stdout.fileno())
        os.dup2(printed.fileno(), sys.stderr.fileno())
    os.chdir(root)
    os.environ.update(environment)
    gc.freeze()
    sys.dont_write_bytecode = False
    _import_from(root)
    import pytest  # noqa: PLC0415 - not before the process is what it shall be

    verdict.write_text(str(int(pytest.main(arguments))))


def _import_from(root: Path) -> None:
    """Forget the modules of this repository that led here, and find all of them below `root` from now on."""
    for name in list(sys.modules):
        if name.partition(".")[0] in {"infra", "tests"}:
            del sys.modules[name]
    own = {Path(folder) for folder in python_path(ROOT)}
    sys.path[:] = python_path(root) + [folder for folder in sys.path if folder and Path(folder) not in own]
