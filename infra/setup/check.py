"""`make check`: format, types, lint and the template, without running any of our code."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from infra.paths import BIN, ROOT
from infra.setup.jobs import SAM, SAM_ENVIRONMENT

AT_ONCE: Final = 2
CHECK_SECONDS_MAX: Final = 600
PYTHON_SOURCES: Final = ("layers/common/flareflow", "functions", "infra", "proxy", "tests", "verify")


@dataclass(frozen=True, slots=True)
class Check:
    """A command that exits with 0 when it finds nothing."""

    name: str
    command: Sequence[str]

    def run(self) -> bool:
        """Run it; print one line, and its output when it found something."""
        began = time.monotonic()
        environment = {**os.environ, **SAM_ENVIRONMENT}
        ended = subprocess.run(
            self.command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=CHECK_SECONDS_MAX,
            check=False,
        )
        passed = ended.returncode == 0
        said = "" if passed else f"\n{ended.stdout}"
        print(f"{self.name:<14} {'passed' if passed else 'FAILED'} {time.monotonic() - began:6.1f} s{said}", flush=True)
        return passed


CHECKS: Final = (
    Check("types", [sys.executable, "-m", "mypy", *PYTHON_SOURCES]),
    Check("template", [str(SAM / "bin" / "sam"), "validate"]),
    Check("Python form", [sys.executable, "-m", "ruff", "format", "--check", "."]),
    Check("Python lint", [sys.executable, "-m", "ruff", "check", "."]),
    Check("Cadence lint", [str(BIN / "cadence-lint"), "infra/cadence"]),
)


def main() -> int:
    """Run all checks, also after one has found something; 1 when any did."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        passed = list(pool.map(Check.run, CHECKS))
    return 0 if all(passed) else 1


if __name__ == "__main__":
    raise SystemExit(main())
