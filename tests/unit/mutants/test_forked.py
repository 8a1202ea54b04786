"""pytest in a forked process sees the sources that it is pointed to, and tells how it ended."""

from pathlib import Path

import pytest

from tests.mutants.forked import run_pytest


def repository(root: Path, test: str) -> Path:
    """A repository with a `flareflow` of its own and one test."""
    package = root / "layers" / "common" / "flareflow"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("ANSWER = 42\n")
    (root / "test_example.py").write_text(
        f"from flareflow import ANSWER\nimport time\n\ndef test_answer():\n    {test}\n"
    )
    return root


def run(root: Path, seconds_max: float = 60) -> tuple[int, str]:
    output = root / "output.txt"
    exit_code = run_pytest(["-p", "no:cacheprovider", "test_example.py"], root, {"FOO": "bar"}, output, seconds_max)
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
