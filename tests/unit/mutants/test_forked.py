"""pytest in a forked process sees the sources that it is pointed to, and tells how it ended."""

from pathlib import Path
from threading import Event, Thread

import psutil
import pytest

from tests.mutants.forked import StoppedError, run_pytest
from tests.support.eventually import eventually


def repository(root: Path, test: str) -> Path:
    """A repository with a `flareflow` of its own and one test."""
    package = root / "layers" / "common" / "flareflow"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("ANSWER = 42\n")
    (root / "test_example.py").write_text(
        f"from flareflow import ANSWER\nimport time\n\ndef test_answer():\n    {test}\n"
    )
    return root


def run(root: Path, seconds_max: float = 60, stop: Event | None = None) -> tuple[int, str]:
    output, arguments = root / "output.txt", ["-p", "no:cacheprovider", "test_example.py"]
    exit_code = run_pytest(arguments, root, {"FOO": "bar"}, output, seconds_max=seconds_max, stop=stop or Event())
    return exit_code, output.read_text()


def test_tests_import_the_sources_that_they_are_pointed_to(tmp_path: Path) -> None:
    # Given a repository whose `flareflow` is another than the one in use here
    root = repository(tmp_path, "assert ANSWER == 42 and __import__('os').environ['FOO'] == 'bar'")
    # When its test runs, then it passes
    assert run(root)[0] == 0


def test_a_failure_is_told_by_the_exit_code_and_the_output(tmp_path: Path) -> None:
    exit_code, output = run(repository(tmp_path, "assert ANSWER == 43"))
    assert exit_code == 1
    assert "FAILED test_example.py::test_answer" in output


def test_a_run_without_end_is_ended(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        run(repository(tmp_path, "time.sleep(600)"), seconds_max=0.5)


def test_a_run_that_shall_stop_is_ended_with_its_process(tmp_path: Path) -> None:
    # Given a test that notes its process and takes minutes
    noted = tmp_path / "pid"
    root = repository(tmp_path, f"open({str(noted)!r}, 'w').write(str(__import__('os').getpid())); time.sleep(600)")
    stop = Event()

    def stop_once_it_runs() -> None:
        eventually(lambda: noted.exists() and noted.read_text())
        stop.set()

    stopper = Thread(target=stop_once_it_runs)
    stopper.start()
    # When it is told to stop, Then the process is over
    with pytest.raises(StoppedError):
        run(root, stop=stop)
    stopper.join()
    pid = int(noted.read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
