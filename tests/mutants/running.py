"""Trying faults: two at a time, each in a copy of the repository of its own."""

import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from queue import SimpleQueue
from typing import Final

from tests.mutants.fault import Fault, StaleFaultError
from tests.mutants.workspace import Workspace, workspaces

AT_ONCE: Final = 2
UNFAULTED_SECONDS_MAX: Final = 1_800
"""Of all tests that the faults name, which run once before."""


class Verdict(StrEnum):
    """CAUGHT: a test failed. SURVIVED: all passed. BROKEN: the tests could not run, or the fault not be made."""

    CAUGHT = "caught"
    SURVIVED = "SURVIVED"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a fault; `detail` is the test that noticed, or why none did."""

    fault: Fault
    verdict: Verdict
    detail: str
    seconds: float

    def __str__(self) -> str:
        line = f"{self.verdict:<8} {self.seconds:6.1f} s  {self.fault.name:<44} "
        if self.verdict is Verdict.CAUGHT:
            return line + self.detail.rpartition("::")[2]
        return f"{line}\n    rule: {self.fault.rule}\n    {self.detail}"


@dataclass(slots=True)
class Runner:
    """Tries faults, one at a time in each free workspace."""

    free: SimpleQueue[Workspace] = field(default_factory=SimpleQueue)

    @contextmanager
    def _workspace(self) -> Iterator[Workspace]:
        workspace = self.free.get()
        try:
            yield workspace
        finally:
            self.free.put(workspace)

    def tests_pass(self, tests: Sequence[str]) -> bool:
        """Whether the tests pass without any fault; prints what they say where they do not."""
        with self._workspace() as workspace:
            ended = workspace.run(tests, UNFAULTED_SECONDS_MAX)
        if not ended.passed:
            print(f"The tests do not pass without any fault:\n{ended.output}")
        return ended.passed

    def attempt(self, fault: Fault) -> Outcome:
        """Make the fault, run its tests, print one line."""
        with self._workspace() as workspace:
            began = time.monotonic()
            verdict, detail = judge(fault, workspace)
            outcome = Outcome(fault, verdict, detail, time.monotonic() - began)
        print(outcome, flush=True)
        return outcome


def judge(fault: Fault, workspace: Workspace) -> tuple[Verdict, str]:
    """The verdict, and the test that noticed or why none did."""
    try:
        with workspace.with_fault(fault):
            ended = workspace.run(fault.tests)
    except StaleFaultError as error:
        return Verdict.BROKEN, str(error)
    if ended.passed:
        return Verdict.SURVIVED, f"passed: {', '.join(fault.tests)}"
    if ended.first_failure is None:
        return Verdict.BROKEN, ended.output
    return Verdict.CAUGHT, ended.first_failure


def try_all(faults: Sequence[Fault]) -> Sequence[Outcome]:
    """The outcomes; empty when the tests fail without any fault."""
    tests = sorted({test for fault in faults for test in fault.tests})
    shares = [share for number in range(AT_ONCE) if (share := tests[number::AT_ONCE])]
    with workspaces(AT_ONCE, tests) as copies, ThreadPoolExecutor(AT_ONCE) as pool:
        runner = Runner()
        for copy in copies:
            runner.free.put(copy)
        return list(pool.map(runner.attempt, faults)) if all(pool.map(runner.tests_pass, shares)) else []


def sample(faults: Sequence[Fault], count: int, commit: str) -> list[Fault]:
    """`count` of the quick faults, the same ones each time for the same commit."""
    quick = [fault for fault in faults if fault.is_quick]
    return random.Random(commit).sample(quick, min(count, len(quick)))
