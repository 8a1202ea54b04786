"""The mutation runner tells a fault that was noticed from one that was not, and leaves the source as it was."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing import Pipe
from pathlib import Path
from queue import SimpleQueue
from threading import Event

import psutil
import pytest

from tests.mutants.fault import Fault, StaleFaultError
from tests.mutants.forked import PytestServer
from tests.mutants.running import Lane, Outcome, Verdict, divide, judge, sample
from tests.mutants.workspace import Ended, Workspace, end
from tests.support.eventually import eventually

SOURCE = "def double(number: int) -> int:\n    return number + number\n"
FAULT = Fault(
    name="example-sum",
    rule="A double is twice the number.",
    file="example.py",
    text="number + number",
    replacement="number * number",
    tests=["tests/unit/test_example.py"],
)
NO_PYTEST = PytestServer(Pipe()[0])
NOTICED = "tests/unit/test_example.py::test_double[one - two]"
FAILED = f"""ERROR a line of a log
== short test summary info ==
FAILED {NOTICED} - assert [9] - 6 == 0
1 failed in 0.10s
"""


@dataclass(frozen=True)
class StubbedWorkspace(Workspace):
    """A workspace in which pytest ends as told, and sees what the source is meanwhile."""

    ends: Ended
    seen: list[str]

    def run(self, tests: Sequence[str], faulty: str | None = None, *, seconds_max: float = 0) -> Ended:
        self.seen.append((self.root / FAULT.file).read_text())
        return self.ends


def workspace(root: Path, exit_code: int, output: str = "") -> StubbedWorkspace:
    (root / FAULT.file).write_text(SOURCE)
    return StubbedWorkspace(root, 0, Event(), NO_PYTEST, Ended(exit_code, output), [])


def test_a_fault_that_a_test_notices_is_caught(tmp_path: Path) -> None:
    # Given a test that fails while the fault is there
    failing = workspace(tmp_path, exit_code=1, output=FAILED)
    # When the fault is tried
    verdict, detail = judge(FAULT, failing)
    # Then it is caught by that test, and the source is as it was
    assert (verdict, detail) == (Verdict.CAUGHT, NOTICED)
    assert failing.seen == [SOURCE.replace("+", "*")]
    assert (tmp_path / FAULT.file).read_text() == SOURCE


def test_a_fault_that_no_test_notices_survives(tmp_path: Path) -> None:
    verdict, _ = judge(FAULT, workspace(tmp_path, exit_code=0))
    assert verdict is Verdict.SURVIVED
    assert FAULT.rule in str(Outcome(FAULT, verdict, "", 1.0))


@pytest.mark.parametrize("exit_code", [2, 3, 4, 5])
def test_tests_that_could_not_run_have_noticed_nothing(tmp_path: Path, exit_code: int) -> None:
    # pytest ends so when it was interrupted, cannot import a test, or finds none
    verdict, detail = judge(FAULT, workspace(tmp_path, exit_code, "ERROR tests/unit/test_example.py"))
    assert (verdict, detail) == (Verdict.BROKEN, "ERROR tests/unit/test_example.py")


@pytest.mark.parametrize("text", ["number - number", "number"])
def test_a_text_that_is_not_there_exactly_once_is_stale(tmp_path: Path, text: str) -> None:
    stale = replace(FAULT, text=text)
    passing = workspace(tmp_path, exit_code=1, output=FAILED)
    with pytest.raises(StaleFaultError, match="example-sum"):
        stale.applied(tmp_path)
    assert judge(stale, passing)[0] is Verdict.BROKEN
    assert passing.seen == []


@pytest.mark.parametrize(
    ("name", "belongs"),
    [("example", True), ("example-sum", True), ("example-s", False), ("exam", False), ("sum", False)],
)
def test_faults_are_chosen_by_the_first_words_of_their_names(name: str, belongs: bool) -> None:
    assert FAULT.belongs_to(name) is belongs


def test_a_sample_is_the_same_for_the_same_commit_and_needs_no_server() -> None:
    # Given faults of which some need a server
    faults = [replace(FAULT, name=f"example-{number}") for number in range(20)]
    slow = replace(FAULT, name="example-slow", tests=["tests/ports/dynamodb/test_ledger.py"])
    # When samples are drawn
    drawn = {commit: sample([*faults, slow], 5, commit) for commit in ("one", "two")}
    # Then the commit decides, and the slow ones are never drawn
    assert drawn["one"] == sample([*faults, slow], 5, "one")
    assert drawn["one"] != drawn["two"]
    assert slow not in sample([*faults, slow], 100, "three")


@dataclass(frozen=True)
class KeepingWorkspace(StubbedWorkspace):
    """Its tests notice a fault only on servers that were started for them."""

    def run(self, tests: Sequence[str], faulty: str | None = None, *, seconds_max: float = 0) -> Ended:
        return Ended(1, FAILED) if self.ports_from else Ended(0, "")


@pytest.mark.parametrize(
    ("test", "verdict"),
    [("tests/cadence/test_plans.py", Verdict.CAUGHT), ("tests/ports/dynamodb/test_ledger.py", Verdict.SURVIVED)],
)
def test_a_fault_that_survives_on_a_kept_deployment_is_tried_on_a_new_one(
    tmp_path: Path, test: str, verdict: Verdict
) -> None:
    # Given a fault in what only a deployment does
    (tmp_path / FAULT.file).write_text(SOURCE)
    keeping = KeepingWorkspace(tmp_path, 0, Event(), NO_PYTEST, Ended(0, ""), [])
    # When it is tried where contracts are deployed already, Then it is tried again where they are not
    assert judge(replace(FAULT, tests=[test]), keeping)[0] is verdict


def test_faults_of_one_file_of_tests_that_needs_a_server_stay_together() -> None:
    # Given faults that are seen by three files on servers, and others
    def faults(name: str, file: str, count: int) -> list[Fault]:
        return [replace(FAULT, name=f"{name}-{number}", tests=[f"{file}::test_{number}"]) for number in range(count)]

    plans, roots = faults("plans", "tests/cadence/test_plans.py", 5), faults("roots", "tests/cadence/test_roots.py", 3)
    ledger = faults("ledger", "tests/ports/dynamodb/test_ledger.py", 2)
    quick = faults("quick", "tests/unit/test_example.py", 4)
    # When they are divided, Then the lanes have about as many, and any lane may try the others
    mixed = [one for some in zip(plans, [*roots, *ledger], strict=True) for one in some]
    assert divide([*quick, *mixed], 2) == ([plans, [*roots, *ledger]], quick)


def test_no_fault_is_tried_where_tests_fail_without_any(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Given tests that fail on the sources as they are
    failing = workspace(tmp_path, exit_code=1, output=FAILED)
    shared = SimpleQueue[Fault]()
    shared.put(FAULT)
    # When a lane tries faults, Then it tries none, says what failed, and stops the others
    assert Lane(failing, [FAULT]).try_all(shared) == []
    assert failing.seen == [SOURCE]
    assert FAILED in capsys.readouterr().out
    assert failing.stop.is_set()


@dataclass(frozen=True)
class FailingWorkspace(StubbedWorkspace):
    """A workspace in which a test fails with every fault, and as told without any."""

    def run(self, tests: Sequence[str], faulty: str | None = None, *, seconds_max: float = 0) -> Ended:
        self.seen.extend([] if faulty else tests)
        return Ended(1, FAILED) if faulty else self.ends


@pytest.mark.parametrize(
    ("without", "verdict"),
    [
        (Ended(0, ""), Verdict.CAUGHT),
        (Ended(1, FAILED), Verdict.BROKEN),
        (Ended(1, FAILED.replace("test_double", "test_other")), Verdict.CAUGHT),
        (Ended(4, "ERROR: not found"), Verdict.BROKEN),
    ],
    ids=["it passes", "it fails too", "another fails", "nothing runs"],
)
def test_a_fault_is_caught_only_by_a_test_that_passes_without_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], without: Ended, verdict: Verdict
) -> None:
    # Given a fault that a test notices
    (tmp_path / FAULT.file).write_text(SOURCE)
    failing = FailingWorkspace(tmp_path, 0, Event(), NO_PYTEST, without, [])
    shared = SimpleQueue[Fault]()
    shared.put(FAULT)
    # When the test that noticed runs without any fault
    outcomes = Lane(failing, []).try_all(shared)
    # Then the fault is caught unless that test fails again, and what failed is said
    assert [outcome.verdict for outcome in outcomes] == [verdict]
    assert failing.seen == ["--maxfail=0", NOTICED]
    assert (without.output in capsys.readouterr().out) or without.passed


@pytest.mark.parametrize("is_stubborn", [False, True])
def test_what_holds_the_servers_ends_in_time_and_leaves_no_child(is_stubborn: bool) -> None:
    # Given a process with a child, which may go on after its input has ended
    child = "import time; time.sleep(600)"
    code = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {child!r}])
print(child.pid, flush=True)
sys.stdin.read()
{child if is_stubborn else "child.kill()"}
"""
    pipe = subprocess.PIPE
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe)
    assert holder.stdout
    child_id = int(holder.stdout.readline())
    # When it is ended, Then it is over, and so is its child
    end(holder, seconds_max=0.2 if is_stubborn else 60)
    assert holder.poll() is not None
    eventually(lambda: not psutil.pid_exists(child_id) or psutil.Process(child_id).status() == psutil.STATUS_ZOMBIE)
