"""Trying faults: two at a time, each in a copy of the repository of its own."""

import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from queue import Empty, SimpleQueue
from threading import Event
from typing import Final

from tests.mutants.fault import Fault, StaleFaultError
from tests.mutants.forked import StoppedError
from tests.mutants.workspace import KEEPS_DEPLOYMENTS, Ended, Workspace, servers_for, workspaces

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


@dataclass(frozen=True, slots=True)
class Lane:
    """A workspace, the faults that only it tries, because its servers have what their tests need, and `tests`.

    These are the tests that it runs without any fault.
    """

    workspace: Workspace
    faults: Sequence[Fault]
    tests: Sequence[str]

    def try_all(self, shared: SimpleQueue[Fault]) -> list[Outcome]:
        """Try its own faults, then those of `shared` while there are any; none once the workspaces are stopped.

        They are stopped when tests fail without any fault.
        """
        try:
            if not self._tests_pass():
                self.workspace.stop.set()
                return []
            return [self._attempt(fault) for fault in chain(self.faults, _taken_from(shared))]
        except StoppedError:
            return []

    def _tests_pass(self) -> bool:
        """Whether the tests pass without any fault; prints what they say where they do not."""
        ended = self.workspace.run(self.tests, seconds_max=UNFAULTED_SECONDS_MAX) if self.tests else Ended(0, "")
        if not ended.passed:
            print(f"The tests do not pass without any fault:\n{ended.output}")
        return ended.passed

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
    if ended.first_failure is None:
        return Verdict.BROKEN, ended.output
    return Verdict.CAUGHT, ended.first_failure


def try_all(faults: Sequence[Fault]) -> Sequence[Outcome]:
    """The outcomes; those of some faults only when tests fail without any fault."""
    tests, stop = {test for fault in faults for test in fault.tests}, Event()
    own, shared = divide(faults, AT_ONCE)
    queue = SimpleQueue[Fault]()
    for fault in shared:
        queue.put(fault)
    with workspaces(AT_ONCE, tests, stop) as copies, ThreadPoolExecutor(AT_ONCE) as pool:
        lanes = list(map(Lane, copies, own, _shares(own, shared)))
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


def _shares(own: Sequence[Sequence[Fault]], shared: Sequence[Fault]) -> list[list[str]]:
    """The tests that each lane runs without any fault: those of its own faults, and its part of the others."""
    of_lanes = [{test for fault in faults for test in fault.tests} for faults in own]
    others = sorted({test for fault in shared for test in fault.tests} - set().union(*of_lanes))
    return [sorted(tests) + others[number :: len(own)] for number, tests in enumerate(of_lanes)]


def sample(faults: Sequence[Fault], count: int, commit: str) -> list[Fault]:
    """`count` of the quick faults, the same ones each time for the same commit."""
    quick = [fault for fault in faults if fault.is_quick]
    return random.Random(commit).sample(quick, min(count, len(quick)))
