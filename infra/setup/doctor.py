"""Lists the programs that must be on this machine before anything is installed: `python -m infra.setup.doctor`.

It runs before there is a virtual environment: standard library only, any Python from 3.9.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROBE_SECONDS: Final = 20
POSTGRES_HOME: Final = "/usr/lib/postgresql"

Version = tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """A program that must be on the machine.

    `probe` returns a text that contains its version, or None if the program is missing. `debian` is the package that
    `make install` installs by itself when it runs as root. `only_for` names the one target that needs it.
    """

    name: str
    wanted: Version
    probe: Callable[[], str | None]
    how: str
    debian: str | None = None
    only_for: str = ""

    def found(self) -> Version | None:
        text = self.probe()
        number = re.search(r"\d+(\.\d+)+", text) if text else None
        return tuple(int(part) for part in number.group().split(".")) if number else None

    @property
    def hint(self) -> str:
        notes = [f"only `{self.only_for}` needs it"] if self.only_for else []
        notes += ["`make install` does it as root"] if self.debian else []
        return f"{self.how} ({'; '.join(notes)})" if notes else self.how


def answer_of(*command: str) -> Callable[[], str | None]:
    """A probe that returns what the command prints, stdout and stderr; None if it is missing or fails."""

    def probe() -> str | None:
        try:
            ended = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_SECONDS, check=True)
        except (OSError, subprocess.SubprocessError):
            return None
        return ended.stdout + ended.stderr

    return probe


def find_python() -> str | None:
    """The path of a Python 3.13, from PATH or pyenv (a shim of pyenv fails for a version that is not selected)."""
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
    installed = sorted(Path(POSTGRES_HOME).glob("*/bin/initdb"))
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
    Program(
        "Chromium",
        (120,),
        answer_of("chromium", "--version"),
        "apt-get install chromium",
        debian="chromium",
        only_for="make test",
    ),
    Program("Docker", (20,), answer_of("docker", "--version"), "apt-get install docker.io", only_for="make sam-local"),
]


def dotted(version: Version | None) -> str:
    return ".".join(str(part) for part in version) if version else "missing"


def report() -> tuple[str, list[Program]]:
    """A table of all programs, and the missing ones."""
    rows = [("program", "wanted", "found", "how to get it")]
    missing = []
    for program in PROGRAMS:
        found = program.found()
        enough = found is not None and found >= program.wanted
        rows.append((program.name, f">= {dotted(program.wanted)}", dotted(found), "" if enough else program.hint))
        if not enough:
            missing.append(program)
    return aligned(rows), missing


def aligned(rows: list[tuple[str, str, str, str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def main() -> int:
    """Print the table; 1 when something is missing that more than one target needs."""
    table, missing = report()
    print(table)
    return 1 if any(not program.only_for for program in missing) else 0


if __name__ == "__main__":
    raise SystemExit(main())
