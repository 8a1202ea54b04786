"""What this machine must have before anything can be installed: `python -m infra.local.doctor`.

Runs before there is a virtual environment: standard library only, any Python from 3.9.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Final

PROBE_SECONDS: Final = 20
POSTGRES_BINARIES: Final = "/usr/lib/postgresql"

Version = tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """Something that must be on the machine.

    `probe` gives the text that holds its version, None where the program is missing. `debian` is the package with
    which `make install` gets it by itself where it runs as root.
    """

    name: str
    wanted: Version
    probe: Callable[[], str | None]
    how: str
    debian: str | None = None
    optional: bool = False

    def found(self) -> Version | None:
        text = self.probe()
        number = re.search(r"\d+(\.\d+)*", text) if text else None
        return tuple(int(part) for part in number.group().split(".")) if number else None

    def is_there(self) -> bool:
        found = self.found()
        return found is not None and found >= self.wanted


def answer_of(*command: str) -> Callable[[], str | None]:
    """A probe: what the command prints, on either channel; None where it is not there or fails."""

    def probe() -> str | None:
        try:
            ended = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_SECONDS, check=True)
        except (OSError, subprocess.SubprocessError):
            return None
        return ended.stdout + ended.stderr

    return probe


def find_python() -> str | None:
    """The real path of a Python 3.13, from PATH or pyenv (whose shims fail for versions that are not switched on)."""
    pyenv = (answer_of("pyenv", "root")() or "").strip()
    candidates = ["python3.13"]
    if pyenv:
        candidates += [str(path) for path in sorted(Path(pyenv).glob("versions/3.13*/bin/python3.13"))]
    for candidate in candidates:
        path = answer_of(candidate, "-c", "import sys; print(sys.executable)")()
        if path:
            return path.strip()
    return None


def _python_version() -> str | None:
    python = find_python()
    return answer_of(python, "-c", "import platform; print(platform.python_version())")() if python else None


def _postgres_version() -> str | None:
    installed = sorted(Path(POSTGRES_BINARIES).glob("*/bin/initdb"))
    return answer_of(str(installed[-1]), "--version")() if installed else None


PROGRAMS: Final = [
    Program("Python", (3, 13), _python_version, "pyenv install 3.13, or python3.13 on PATH"),
    Program("Go", (1, 26), answer_of("go", "version"), "https://go.dev/dl"),
    Program("Node", (20,), answer_of("node", "--version"), "https://nodejs.org/en/download"),
    Program("npm", (9,), answer_of("npm", "--version"), "comes with Node"),
    Program("Java", (17,), answer_of("java", "-version"), "apt-get install openjdk-17-jre-headless"),
    Program("C compiler", (10,), answer_of("cc", "-dumpfullversion"), "apt-get install gcc libc6-dev"),
    Program("Maven", (3, 6), answer_of("mvn", "--version"), "apt-get install maven", debian="maven"),
    Program("PostgreSQL", (13,), _postgres_version, "apt-get install postgresql", debian="postgresql"),
    Program("Docker", (20,), answer_of("docker", "--version"), "apt-get install docker.io", optional=True),
]


def dotted(version: Version | None) -> str:
    return ".".join(str(part) for part in version) if version else "missing"


def line_of(program: Program) -> tuple[str, str, str, str]:
    """Program, wanted, found, how to get it (empty where nothing has to be done)."""
    wanted = f">= {dotted(program.wanted)}"
    if program.is_there():
        return program.name, wanted, dotted(program.found()), ""
    note = " (or `make install` as root)" if program.debian else " (only for `make sam-local`)" if program.optional else ""
    return program.name, wanted, dotted(program.found()), program.how + note


def table(lines: list[tuple[str, str, str, str]]) -> str:
    rows = [("program", "wanted", "found", "how to get it"), *lines]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[3]]) for row in rows)


def main() -> int:
    """Print one line for each program; 1 where one is missing that nothing here can get."""
    print(table([line_of(program) for program in PROGRAMS]))
    installable = shutil.which("apt-get") is not None
    missing = [p for p in PROGRAMS if not p.optional and not (p.debian and installable) and not p.is_there()]
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
