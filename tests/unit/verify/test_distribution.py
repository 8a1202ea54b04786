"""The distribution `flareflow`: it brings the command and what it needs, and nothing of AWS."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import Final

import pytest

from infra.paths import ROOT

SECONDS_MAX: Final = 300
SOURCES: Final = ("pyproject.toml", "README.md", "LICENSE", "layers/common/flareflow", "verify/flareflow_verify")
BUILD: Final = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
BUNDLE: Final = ROOT / "tests" / "vectors" / "bundles" / "good-token.json"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what an installation of the wheel puts there."""
    folder = tmp_path_factory.mktemp("distribution")
    source, wheels = folder / "source", folder / "wheels"
    for name in SOURCES:
        made = source / name
        made.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, made, ignore=shutil.ignore_patterns("__pycache__", "contracts", "transactions")
            )
        else:
            shutil.copy(ROOT / name, made)
    command = [sys.executable, "-W", "ignore", "-c", BUILD, str(wheels)]
    subprocess.run(command, cwd=source, capture_output=True, check=True, timeout=SECONDS_MAX)
    (wheel,) = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        content.extractall(folder / "installed")
    return folder / "installed"


def needed() -> set[str]:
    """The distributions that the project names, and those that they need."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    found, left = set[str](), [name_of(one) for one in named]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += [name_of(one) for one in _requirements(name) if "extra ==" not in one]
    return found


def _requirements(distribution: str) -> list[str]:
    try:
        return requires(distribution) or []
    except PackageNotFoundError:
        return []


def name_of(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found.group()).lower()


def test_the_installed_command_checks_a_bundle_with_its_own_libraries_alone(installed: Path) -> None:
    # Given an interpreter in which no other library can be imported
    known = needed()
    missing = [
        module
        for module, names in packages_distributions().items()
        if known.isdisjoint(map(name_of, names)) and not module.startswith("_")
    ]
    assert {"boto3", "web3", "aws_lambda_powertools", "eth_abi", "rich"} <= set(missing)
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({missing!r}))\n"
        "from flareflow_verify.__main__ import main\n"
        f"sys.exit(main(['verify', '--offline', {str(BUNDLE)!r}]))"
    )
    # When the installed command checks a bundle
    command = [sys.executable, "-c", program]
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    ended = subprocess.run(
        command, env=environment, cwd=installed, capture_output=True, text=True, check=False, timeout=SECONDS_MAX
    )
    # Then the bundle is verified
    assert (ended.returncode, ended.stderr) == (0, "")


def test_its_lock_has_what_the_project_names_in_the_versions_that_are_tested() -> None:
    wanted = (ROOT / "requirements" / "verify.in").read_text().splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(wanted[2:]) == {*project["project"]["dependencies"], *project["build-system"]["requires"]}
    locked, tested = (versions(ROOT / "requirements" / f"{name}.txt") for name in ("verify", "dev"))
    assert locked.items() <= tested.items()


def versions(lock: Path) -> dict[str, str]:
    """The version of each distribution in a lock file."""
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", lock.read_text(), re.MULTILINE))


def test_the_distribution_has_the_scripts_that_the_command_runs_and_nothing_of_aws(installed: Path) -> None:
    package = installed / "flareflow"
    assert (package / "cadence" / "scripts" / "subscriptions" / "get_bill.cdc").is_file()
    folders = {path.name for path in (package / "adapters").iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} == {"flare", "flow"}
    assert not (package / "bootstrap").exists()
    (entry_points,) = installed.glob("*.dist-info/entry_points.txt")
    assert "flareflow = flareflow_verify.__main__:main" in entry_points.read_text()
