"""A copy of the repository in which one fault at a time is made, so that the working tree is never changed."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.util import cache_from_source
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Final, Self

import psutil

from infra.local.ports import port_base
from infra.paths import LOCAL, ROOT
from tests.mutants.fault import Fault
from tests.mutants.forked import PytestServer, Run, preload, python_path

RUN_SECONDS_MAX: Final = 600
"""Of the tests of one fault."""
STOP_SECONDS_MAX: Final = 90
"""Of the servers at the end; what does not end by then is killed."""
PORTS_APART: Final = 100
NEW_SERVERS_APART: Final = 400
PYTEST: Final = (
    *("-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0"),
    *("--disable-plugin-autoload", "-p", "_hypothesis_pytestplugin", "-p", "pytest_timeout", "-p", "pytest_socket"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
"""Stop at the first failure, and draw the same random examples each time. The plugins are in memory before pytest."""
ALL_FAILURES: Final = "--maxfail=0"
"""Before the names of tests: do not stop at the first failure."""
FAILURE: Final = re.compile(r"^(?:FAILED|ERROR) ([^\[ ]+(?:\[.*?\])?)(?: - |$)", re.MULTILINE)
"""A line of pytest's summary: a test, whose parameters may have any text in them, and what it says."""
SERVERS: Final = {"tests/ports/dynamodb/": "dynamodb", "tests/cadence/": "emulator"}
"""The server that the tests in a folder need. One that runs already saves its start for each fault."""
KEEPS_DEPLOYMENTS: Final = "emulator"
"""It has contracts that were deployed without the fault, and that are updated to have it."""


def servers_for(tests: Iterable[str]) -> list[str]:
    """The servers that these tests need."""
    return sorted({server for folder, server in SERVERS.items() for test in tests if test.startswith(folder)})


@dataclass(frozen=True, slots=True)
class Ended:
    """How pytest ended (its exit code) and what it printed."""

    exit_code: int
    output: str

    @property
    def passed(self) -> bool:
        return self.exit_code == 0

    @property
    def failures(self) -> list[str]:
        """The tests that failed; none where no test ran and failed (0: all passed, 2 to 5: pytest could not run)."""
        if self.exit_code != 1:
            return []
        _, _, summary = self.output.rpartition("short test summary info")
        return FAILURE.findall(summary)


@dataclass(frozen=True, slots=True)
class Workspace:
    """The copy. Its servers listen on ports of their own, counted from `ports_from`; `pytest` runs its tests.

    Once `stop` is set, no tests run any more.
    """

    root: Path
    ports_from: int
    stop: Event
    pytest: PytestServer

    def run(self, tests: Sequence[str], faulty: str | None = None, *, seconds_max: float = RUN_SECONDS_MAX) -> Ended:
        """Run tests on the copy as it is; a run that does not end in time has the exit code 2.

        `faulty` is the file that has a fault now. Raises StoppedError.
        """
        shutil.rmtree(self.root / ".hypothesis" / "examples", ignore_errors=True)
        output = self.root.with_suffix(".txt")
        run = Run([*PYTEST, *tests], output, self.root / faulty if faulty else None, self._environment())
        try:
            exit_code = self.pytest.run(run, seconds_max=seconds_max, stop=self.stop)
            return Ended(exit_code, output.read_text(errors="replace"))
        except TimeoutError:
            return Ended(2, f"not ended after {seconds_max:.0f} s")

    @contextmanager
    def with_fault(self, fault: Fault) -> Iterator[None]:
        """The copy has the fault inside the block, and is as before after it."""
        source = self.root / fault.file
        faulty = fault.applied(self.root)
        before, status = source.read_bytes(), source.stat()
        try:
            source.write_text(faulty)
            _forget_compiled(source)
            yield
        finally:
            source.write_bytes(before)
            os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
            _forget_compiled(source)

    def with_new_servers(self) -> Self:
        """The same copy; tests that run there start servers of their own."""
        return replace(self, ports_from=self.ports_from + NEW_SERVERS_APART)

    @contextmanager
    def with_server(self, name: str) -> Iterator[None]:
        """The server runs inside the block, where tests look for it."""
        command = [sys.executable, "-m", "tests.mutants.servers", name]
        pipe = subprocess.PIPE
        holder = subprocess.Popen(command, cwd=self.root, env=self._environment(), stdin=pipe, stdout=pipe)
        try:
            assert holder.stdout
            if not holder.stdout.readline():
                raise RuntimeError(f"{name} did not start")
            yield
        finally:
            end(holder, STOP_SECONDS_MAX)

    def _environment(self) -> Mapping[str, str]:
        paths = os.pathsep.join(python_path(self.root))
        return {**os.environ, "PYTHONPATH": paths, "FLAREFLOW_PORT_BASE": str(self.ports_from)}


def end(holder: subprocess.Popen[bytes], seconds_max: float) -> None:
    """Close the standard input of a process, upon which it ends; kill it with its children if it has not in time."""
    assert holder.stdin and holder.stdout
    holder.stdin.close()
    try:
        holder.wait(seconds_max)
    except subprocess.TimeoutExpired:
        process = psutil.Process(holder.pid)
        for member in [process, *process.children(recursive=True)]:
            member.kill()
        holder.wait()
    holder.stdout.close()


def _forget_compiled(source: Path) -> None:
    """Python tells compiled files by the second and the size of their source, which two faults may have in common."""
    Path(cache_from_source(str(source))).unlink(missing_ok=True)


@contextmanager
def workspaces(count: int, tests: Iterable[str], stop: Event) -> Iterator[list[Workspace]]:
    """As many copies of every file that is or would be committed, with the servers that `tests` need."""
    preload()
    needed, tests = servers_for(tests), set(tests)
    with TemporaryDirectory(prefix="flareflow-mutants-") as folder, ExitStack() as servers:
        made = []
        for number in range(count):
            root = Path(folder) / f"{number}"
            _copy_to(root)
            pytest_server = servers.enter_context(PytestServer.of(root, tests))
            workspace = Workspace(root, port_base() + PORTS_APART * (number + 1), stop, pytest_server)
            for name in needed:
                servers.enter_context(workspace.with_server(name))
            made.append(workspace)
        yield made


def _copy_to(root: Path) -> None:
    """Copy the sources; what is installed is linked, not copied."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_symlink() or (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name, follow_symlinks=False)
    (root / ".local").mkdir()
    for installed in LOCAL.iterdir():
        if not installed.name.startswith("run-"):
            (root / ".local" / installed.name).symlink_to(installed.resolve())
