"""Trying faults: two at a time, each in a copy of the repository of its own."""

import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from queue import Empty, SimpleQueue
from threading import Event
from typing import Final

from tests.mutants.fault import Fault, StaleFaultError
from tests.mutants.forked import StoppedError
from tests.mutants.workspace import ALL_FAILURES, KEEPS_DEPLOYMENTS, Ended, Workspace, servers_for, workspaces

AT_ONCE: Final = 2
UNFAULTED_SECONDS_MAX: Final = 1_800
"""Of the tests that run once without any fault."""


class Verdict(StrEnum):
    """CAUGHT: a test failed that passes without the fault. SURVIVED: all passed.

    BROKEN: the tests could not run, fail without the fault too, or the fault could not be made.
    """

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


@dataclass(frozen=True, slots=True)
class Lane:
    """A workspace, and the faults that only it tries, because its servers have what their tests need."""

    workspace: Workspace
    faults: Sequence[Fault]

    def try_all(self, shared: SimpleQueue[Fault]) -> list[Outcome]:
        """Try its own faults, then those of `shared` while there are any; none once the workspaces are stopped.

        They are stopped when tests of its own faults fail without any fault.
        """
        try:
            if not self._own_tests_pass():
                self.workspace.stop.set()
                return []
            own = [self._attempt(fault) for fault in self.faults]
            return own + self._confirmed([self._attempt(fault) for fault in _taken_from(shared)])
        except StoppedError:
            return []

    def _own_tests_pass(self) -> bool:
        """Whether they pass without any fault. They run before, because they leave on the servers what they need."""
        tests = sorted({test for fault in self.faults for test in fault.tests})
        return not tests or self._without_faults(tests).passed

    def _without_faults(self, tests: Sequence[str]) -> Ended:
        """Run all these tests; print what they say where they do not pass."""
        ended = self.workspace.run([ALL_FAILURES, *tests], seconds_max=UNFAULTED_SECONDS_MAX)
        if not ended.passed:
            print(f"These tests do not pass without any fault:\n{ended.output}")
        return ended

    def _confirmed(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """The outcomes; nothing is caught by a test that fails without any fault, too.

        Only the tests that have noticed something run for this. All others of their files would take minutes more.
        """
        noticed = sorted({outcome.detail for outcome in outcomes if outcome.verdict is Verdict.CAUGHT})
        if not noticed:
            return list(outcomes)
        ended = self._without_faults(noticed)
        failing = [] if ended.passed else ended.failures or noticed
        return [replace(one, verdict=Verdict.BROKEN) if one.detail in failing else one for one in outcomes]

    def _attempt(self, fault: Fault) -> Outcome:
        """Make the fault, run its tests, print one line."""
        began = time.monotonic()
        verdict, detail = judge(fault, self.workspace)
        outcome = Outcome(fault, verdict, detail, time.monotonic() - began)
        print(outcome, flush=True)
        return outcome


def _taken_from(shared: SimpleQueue[Fault]) -> Iterator[Fault]:
    with suppress(Empty):
        while True:
            yield shared.get_nowait()


def judge(fault: Fault, workspace: Workspace) -> tuple[Verdict, str]:
    """The verdict, and the test that noticed or why none did."""
    try:
        with workspace.with_fault(fault):
            ended = workspace.run(fault.tests, fault.file)
            if ended.passed and KEEPS_DEPLOYMENTS in servers_for(fault.tests):
                ended = workspace.with_new_servers().run(fault.tests, fault.file)
    except StaleFaultError as error:
        return Verdict.BROKEN, str(error)
    if ended.passed:
        return Verdict.SURVIVED, f"passed: {', '.join(fault.tests)}"
    if not ended.failures:
        return Verdict.BROKEN, ended.output
    return Verdict.CAUGHT, ended.failures[0]


def try_all(faults: Sequence[Fault]) -> Sequence[Outcome]:
    """The outcomes; those of some faults only when tests fail without any fault."""
    tests, stop = {test for fault in faults for test in fault.tests}, Event()
    own, shared = divide(faults, AT_ONCE)
    queue = SimpleQueue[Fault]()
    for fault in shared:
        queue.put(fault)
    with workspaces(AT_ONCE, tests, stop) as copies, ThreadPoolExecutor(AT_ONCE) as pool:
        lanes = list(map(Lane, copies, own))
        try:
            return [outcome for some in pool.map(lambda lane: lane.try_all(queue), lanes) for outcome in some]
        finally:
            stop.set()


def divide(faults: Sequence[Fault], lanes: int) -> tuple[list[list[Fault]], list[Fault]]:
    """The faults of each lane, and those that any lane can try because their tests need no server.

    Faults that are seen by the same file of tests stay together, since these share what they keep on a server.
    """
    own: list[list[Fault]] = [[] for _ in range(lanes)]
    by_files: defaultdict[tuple[str, ...], list[Fault]] = defaultdict(list)
    for fault in faults:
        by_files[tuple(sorted(fault.files)) if servers_for(fault.tests) else ()].append(fault)
    shared = by_files.pop((), [])
    for together in sorted(by_files.values(), key=len, reverse=True):
        min(own, key=len).extend(together)
    return own, shared


def sample(faults: Sequence[Fault], count: int, commit: str) -> list[Fault]:
    """`count` of the quick faults, the same ones each time for the same commit."""
    quick = [fault for fault in faults if fault.is_quick]
    return random.Random(commit).sample(quick, min(count, len(quick)))
