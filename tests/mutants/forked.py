"""pytest in a process forked from one that has the installed packages in memory, which saves seconds for each run."""

import gc
import os
import signal
import sys
import tomllib
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Final

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


def preload() -> None:
    """From now on, processes are forked from one that has the installed packages in memory."""
    FORKS.set_forkserver_preload(PRELOADED)


def python_path(root: Path) -> list[str]:
    """Where Python finds the modules of the repository, or of a copy of it, in `root`."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    return [str(root / folder) for folder in settings["pythonpath"]]


def run_pytest(
    arguments: Sequence[str], root: Path, environment: Mapping[str, str], output: Path, seconds_max: float
) -> int:
    """Run pytest on the sources in `root`; its exit code. What it prints goes to the file `output`.

    The code comes through a file: `multiprocessing` says 255 where the fork server could not tell it that of a process.
    Raises TimeoutError, after ending it, where it takes longer than `seconds_max`.
    """
    verdict = output.with_suffix(".exit_code")
    verdict.unlink(missing_ok=True)
    process = FORKS.Process(target=_be_pytest, args=(list(arguments), root, dict(environment), output, verdict))
    process.start()
    process.join(seconds_max)
    if process.exitcode is None:
        assert process.pid is not None
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
        raise TimeoutError
    return int(verdict.read_text()) if verdict.exists() else CRASHED


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
