"""Installs what FlareFlow needs into `.local/`: `python3 -m infra.setup.install [TARGET]`.

A target is what the installation is for: `stack`, `check`, `unit`, … (`jobs.TARGETS`); without one it is `all`. Jobs
run in parallel; each is skipped while what it was made from is unchanged. The package managers keep their usual
caches. This makes the virtual environment: standard library only, any Python from 3.9.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.paths import LOCAL
from infra.progress import Part, Progress, duration
from infra.setup import doctor
from infra.setup.jobs import RECORDS, TARGETS, Job, jobs

TAIL_LINES: Final = 25


@dataclass(frozen=True)
class Installation:
    """All pending jobs, each begun as soon as those that it needs have ended well."""

    pending: Sequence[Job]
    progress: Progress
    outcomes: dict[str, Future[bool]] = field(default_factory=dict)

    @classmethod
    def of(cls, pending: Sequence[Job]) -> Installation:
        parts = [Part(job.name, job.doing, job.usual_seconds, job.needs, job.log) for job in pending]
        return cls(pending, Progress(parts, sys.stdout))

    def run(self) -> list[Job]:
        """The jobs that failed."""
        names = ", ".join(job.name for job in self.pending)
        print(f"Installing {names}: usually {duration(self.progress.seconds_left())}", flush=True)
        with ThreadPoolExecutor(max_workers=len(self.pending)) as pool, self.progress.shown():
            for job in self.pending:  # needs come before what needs them
                self.outcomes[job.name] = pool.submit(self._install, job)
            wait(self.outcomes.values())
        return [job for job in self.pending if not self.outcomes[job.name].result()]

    def _install(self, job: Job) -> bool:
        needed = [self.outcomes[name] for name in job.needs if name in self.outcomes]
        if not all(outcome.result() for outcome in needed):
            job.log.write_text(f"not begun, because one of {', '.join(job.needs)} failed\n")
            self.progress.end(job.name, failed=True)
            return False
        self.progress.begin(job.name)
        try:
            job.run()
        except (OSError, subprocess.SubprocessError) as error:
            with job.log.open("a") as log:
                log.write(f"{error}\n")
            self.progress.end(job.name, failed=True)
            return False
        self.progress.end(job.name)
        return True


def cut_links(local: Path) -> None:
    """Remove links directly below `.local`, so that nothing is installed into another checkout."""
    for path in local.iterdir():
        if path.is_symlink():
            path.unlink()


def tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join([f"== {log} ==", *lines[-TAIL_LINES:]])


def blocking(missing: Sequence[doctor.Program], target: str) -> bool:
    """Whether a program that the target needs stops the installation: all but Debian's where we may install them."""
    may_install = shutil.which("apt-get") is not None and os.geteuid() == 0
    needed = [program for program in missing if not program.only_for or program.debian in TARGETS[target]]
    return any(not (program.debian and may_install) for program in needed)


def main() -> int:
    """Install what is not there yet; 1 when something is missing or a job failed, with the end of its log."""
    parser = argparse.ArgumentParser(prog="python3 -m infra.setup.install")
    parser.add_argument("target", nargs="?", choices=TARGETS, default="all", help="what the installation is for")
    target = parser.parse_args().target
    LOCAL.mkdir(exist_ok=True)
    cut_links(LOCAL)
    RECORDS.mkdir(exist_ok=True)
    pending = [job for job in jobs(target, doctor.find_python() or "python3.13") if not job.is_done()]
    if not pending:
        return 0
    table, missing = doctor.report()
    if blocking(missing, target):
        print(table)
        return 1
    failed = Installation.of(pending).run()
    for job in failed:
        print(tail(job.log))
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
