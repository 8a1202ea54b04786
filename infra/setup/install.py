"""Installs everything that FlareFlow needs into `.local/`: `python3 -m infra.setup.install`.

Jobs run in parallel; each is skipped while what it was made from is unchanged. It makes the virtual environment, so
it uses the standard library only and runs on any Python from 3.9. The package managers keep their usual caches.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.setup import doctor
from infra.setup.jobs import RECORDS, Job, jobs

REFRESH_SECONDS: Final = 0.2
TAIL_LINES: Final = 25


class View:
    """What is going on: one line for each job, redrawn on a terminal, else a line for each change."""

    def __init__(self, names: Sequence[str]) -> None:
        self.began: dict[str, float] = {}
        self.ended: dict[str, tuple[float, str]] = {}
        self.names = names
        self.live = sys.stdout.isatty()

    def begin(self, name: str) -> None:
        self.began[name] = time.monotonic()
        self._tell(name)

    def end(self, name: str, outcome: str) -> None:
        self.ended[name] = (time.monotonic() - self.began.get(name, time.monotonic()), outcome)
        self._tell(name)

    def line(self, name: str) -> str:
        if name in self.ended:
            seconds, outcome = self.ended[name]
        elif name in self.began:
            seconds, outcome = time.monotonic() - self.began[name], "installing"
        else:
            seconds, outcome = 0.0, "waiting"
        return f"{name:<12} {outcome:<11} {seconds:6.1f} s"

    def draw(self, *, again: bool) -> None:
        """All lines, over those of the last time where `again`."""
        if self.live:
            up = f"\x1b[{len(self.names)}A" if again else ""
            print(up + "\n".join(f"\x1b[2K{self.line(name)}" for name in self.names), flush=True)

    def _tell(self, name: str) -> None:
        if not self.live:
            print(self.line(name), flush=True)


@dataclass(frozen=True)
class Installation:
    """All pending jobs, each begun as soon as those that it needs have ended well."""

    pending: Sequence[Job]
    view: View
    outcomes: dict[str, Future[bool]] = field(default_factory=dict)

    def run(self) -> list[Job]:
        """The jobs that failed."""
        with ThreadPoolExecutor(max_workers=len(self.pending)) as pool:
            for job in self.pending:  # needs come before what needs them
                self.outcomes[job.name] = pool.submit(self._install, job)
            self.view.draw(again=False)
            while wait(self.outcomes.values(), timeout=REFRESH_SECONDS).not_done:
                self.view.draw(again=True)
        self.view.draw(again=True)
        return [job for job in self.pending if not self.outcomes[job.name].result()]

    def _install(self, job: Job) -> bool:
        needed = [self.outcomes[name] for name in job.needs if name in self.outcomes]
        if not all(outcome.result() for outcome in needed):
            self.view.end(job.name, "not begun")
            return False
        self.view.begin(job.name)
        try:
            job.run()
        except (OSError, subprocess.SubprocessError) as error:
            with job.log.open("a") as log:
                log.write(f"{error}\n")
            self.view.end(job.name, "failed")
            return False
        self.view.end(job.name, "done")
        return True


def tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join([f"== {log} ==", *lines[-TAIL_LINES:]])


def blocking(missing: Sequence[doctor.Program]) -> bool:
    """Whether a missing program stops the installation: all but Debian's packages where we may install them."""
    may_install = shutil.which("apt-get") is not None and os.geteuid() == 0
    return any(not (program.debian and may_install) for program in missing)


def main() -> int:
    """Install what is not there yet; 1 when something is missing or a job failed, with the end of its log."""
    RECORDS.mkdir(parents=True, exist_ok=True)
    pending = [job for job in jobs(doctor.find_python() or "python3.13") if not job.is_done()]
    if not pending:
        return 0
    table, missing = doctor.report()
    if blocking(missing):
        print(table)
        return 1
    failed = Installation(pending, View([job.name for job in pending])).run()
    for job in failed:
        print(tail(job.log))
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
