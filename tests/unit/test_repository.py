"""What holds for the files of the repository."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from flareflow.entrypoints.settings import Settings
from infra.paths import ROOT
from tests.unit.test_imports import functions

HANDLER_LINES_MAX: Final = 40
ROUTE_STATEMENTS_MAX: Final = 4
SOURCE_LINES_MAX: Final = 400
PYTHON_LOCKS: Final = [*ROOT.glob("requirements/*.txt"), *ROOT.glob("layers/*/requirements.txt")]
LOCKS: Final = [
    *PYTHON_LOCKS,
    *ROOT.glob("infra/local/**/package-lock.json"),
    *ROOT.glob("tests/benchmarks/*/package-lock.json"),
    ROOT / "frontend" / "package-lock.json",
    ROOT / "infra" / "local" / "flow" / "go" / "go.sum",
]
REGISTRY: Final = re.compile(
    r"https?://\S*(registry|pypi|pythonhosted|npmjs|proxy\.golang)|--(extra-)?index-url|\"resolved\""
)
MACHINE_PATH: Final = re.compile(r"(?<![\w.])/(work|root|home)/[\w.]+/")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tracked_files() -> list[Path]:
    """Every file that is or would be committed, links left out."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


@pytest.mark.parametrize("lock", LOCKS, ids=name_of)
def test_a_lock_names_no_registry(lock: Path) -> None:
    assert not REGISTRY.search(lock.read_text())


@pytest.mark.parametrize(
    "lock", [lock for lock in LOCKS if lock.suffix == ".txt"], ids=lambda lock: str(lock.relative_to(ROOT))
)
def test_a_python_lock_has_a_hash_for_every_requirement(lock: Path) -> None:
    requirements = re.findall(r"^[a-z0-9].*==.*$", lock.read_text(), re.MULTILINE)
    unhashed = [line for line in requirements if not line.endswith("\\")]
    assert requirements
    assert not unhashed


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    found = [
        f"{name_of(path)}: {match.group()}"
        for path in tracked_files()
        if (match := MACHINE_PATH.search(path.read_bytes().decode(errors="ignore")))
    ]
    assert not found


@pytest.mark.parametrize("function", functions())
def test_a_handler_is_thin(function: str) -> None:
    # Given the routes of an HTTP function, of which it may have any number
    source = (ROOT / "functions" / function / "app.py").read_text()
    routes = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and is_route(node)]
    # Then each has, after what it says that it does, four statements at most
    assert [route.name for route in routes if len(route.body) > 1 + ROUTE_STATEMENTS_MAX] == []
    # And all else is short
    inside = {line for route in routes for line in range(route.decorator_list[0].lineno, (route.end_lineno or 0) + 1)}
    lines = [line for number, line in enumerate(source.splitlines(), start=1) if number not in inside]
    code = [line for line in lines if line.strip() and not re.match(r"#|import |from ", line.lstrip())]
    assert len(code) <= HANDLER_LINES_MAX


def is_route(function: ast.FunctionDef) -> bool:
    return any(ast.unparse(decorator).startswith(("app.", "routes.")) for decorator in function.decorator_list)


def test_a_file_tells_one_story() -> None:
    long = [
        f"{name_of(path)} has {lines} lines"
        for path in tracked_files()
        if path.suffix == ".py" and (lines := len(path.read_text().splitlines())) > SOURCE_LINES_MAX
    ]
    assert not long


@pytest.mark.parametrize("function", functions())
def test_every_function_has_a_sample_event(function: str) -> None:
    assert (ROOT / "tests" / "events" / f"{function}.json").is_file()


@pytest.mark.parametrize("function", functions())
def test_a_function_gets_exactly_the_settings_that_it_reads(function: str) -> None:
    # Given the settings of the composition root
    root = importlib.import_module(f"flareflow.bootstrap.{function}")
    classes = [value for value in vars(root).values() if isinstance(value, type) and issubclass(value, Settings)]
    read = {field.upper() for settings in classes for field in settings.model_fields}
    # Then they are what the template puts into the environment
    given = functions()[function].get("Environment", {}).get("Variables", {})
    assert set(given) == read


def test_what_runs_before_the_virtual_environment_needs_nothing_from_it() -> None:
    # When the installation is imported with the standard library alone
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import infra.setup.install\n"
        "print(*[module.__file__ for name, module in sys.modules.items() if name.startswith('infra')], sep='\\n')"
    )
    command = [sys.executable, "-I", "-S", "-c", program]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    # Then it is there, and everything that it imports of ours is written in Python 3.9
    sources = ended.stdout.splitlines()
    assert len(sources) >= 5
    for source in sources:
        ast.parse(Path(source).read_text(), source, feature_version=(3, 9))
