"""pytest in a forked process sees the sources that it is pointed to, those with a fault too, and tells how it ended."""

from pathlib import Path
from threading import Event, Thread

import psutil
import pytest

from tests.mutants.forked import PytestServer, Run, StoppedError
from tests.support.eventually import eventually

TEST = "test_example.py"


def repository(root: Path, test: str) -> Path:
    """A repository with a `flareflow` of its own and one test."""
    package = root / "layers" / "common" / "flareflow"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "answers.py").write_text("ANSWER = 42\n")
    (package / "doubled.py").write_text("from flareflow.answers import ANSWER\n\nDOUBLED = 2 * ANSWER\n")
    (root / TEST).write_text(f"from flareflow.doubled import DOUBLED\nimport time\n\ndef test_answer():\n    {test}\n")
    return root


def run(root: Path, seconds_max: float = 60, stop: Event | None = None) -> tuple[int, str]:
    with PytestServer.of(root, [TEST]) as server:
        return run_on(server, root, seconds_max=seconds_max, stop=stop)


def run_on(
    server: PytestServer, root: Path, faulty: Path | None = None, seconds_max: float = 60, stop: Event | None = None
) -> tuple[int, str]:
    run = Run(["-p", "no:cacheprovider", TEST], root / "output.txt", faulty, {"FOO": "bar"})
    exit_code = server.run(run, seconds_max=seconds_max, stop=stop or Event())
    return exit_code, run.output.read_text()


def test_tests_import_the_sources_that_they_are_pointed_to(tmp_path: Path) -> None:
    # Given a repository whose `flareflow` is another than the one in use here
    root = repository(tmp_path, "assert DOUBLED == 84 and __import__('os').environ['FOO'] == 'bar'")
    # When its test runs, then it passes
    assert run(root)[0] == 0


def test_a_failure_is_told_by_the_exit_code_and_the_output(tmp_path: Path) -> None:
    exit_code, output = run(repository(tmp_path, "assert DOUBLED == 86"))
    assert exit_code == 1
    assert "FAILED test_example.py::test_answer" in output


def test_a_fault_is_seen_in_all_modules_that_import_the_faulty_one_and_gone_after_it(tmp_path: Path) -> None:
    root = repository(tmp_path, "assert DOUBLED == 84")
    source = root / "layers" / "common" / "flareflow" / "answers.py"
    with PytestServer.of(root, [TEST]) as server:
        # Given a run without a fault
        assert run_on(server, root)[0] == 0
        # When the module has a fault, Then the test that uses it through another module fails
        source.write_text("ANSWER = 4_300\n")
        exit_code, output = run_on(server, root, source)
        assert (exit_code, "assert 8600 == 84" in output) == (1, True)
        # When the fault is gone, Then the test passes
        source.write_text("ANSWER = 42\n")
        assert run_on(server, root)[0] == 0


def test_a_fault_that_is_made_as_soon_as_the_server_is_there_is_gone_after_its_run(tmp_path: Path) -> None:
    root = repository(tmp_path, "assert DOUBLED == 84")
    source = root / "layers" / "common" / "flareflow" / "answers.py"
    with PytestServer.of(root, [TEST]) as server:
        # Given a fault in the first run
        source.write_text("ANSWER = 4_300\n")
        assert run_on(server, root, source)[0] == 1
        # When it is gone, Then the test passes
        source.write_text("ANSWER = 42\n")
        assert run_on(server, root)[0] == 0


def test_a_fault_in_a_file_that_is_no_module_is_seen_by_what_reads_it_while_it_loads(tmp_path: Path) -> None:
    root = repository(tmp_path, "assert DOUBLED == 84")
    (root / "answer.txt").write_text("42")
    reading = f"from pathlib import Path\n\nANSWER = int(Path({str(root / 'answer.txt')!r}).read_text())\n"
    (root / "layers" / "common" / "flareflow" / "answers.py").write_text(reading)
    with PytestServer.of(root, [TEST]) as server:
        (root / "answer.txt").write_text("43")
        assert run_on(server, root, root / "answer.txt")[0] == 1


def test_a_run_without_end_is_ended(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        run(repository(tmp_path, "time.sleep(600)"), seconds_max=0.5)


def test_after_a_run_that_crashed_another_one_is_possible(tmp_path: Path) -> None:
    root = repository(tmp_path, "__import__('os').abort() if (__import__('os').environ['FOO'] == 'bar') else None")
    with PytestServer.of(root, [TEST]) as server:
        assert run_on(server, root)[0] == 3
        (root / TEST).write_text("def test_nothing():\n    pass\n")
        assert run_on(server, root)[0] == 0


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
