"""The command in an environment of its own, from a copy of what is needed and the libraries of its lock alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from infra.paths import LOCAL, ROOT
from tests.unit.verify.test_distribution import SOURCES

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

UV: Final = LOCAL / "uv" / "bin" / "uv"
LOCK: Final = ROOT / "requirements" / "verify.txt"
BUNDLE: Final = ROOT / "tests" / "vectors" / "bundles" / "good-token.json"


def test_the_command_is_installed_from_its_lock_and_checks_a_bundle(tmp_path: Path) -> None:
    # Given a copy of the sources, and an environment with the libraries of the lock, whose hashes are required
    source, environment = tmp_path / "source", tmp_path / "environment"
    for name in SOURCES:
        copied = source / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, copied)
    python = environment / "bin" / "python"
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    install = (UV, "pip", "install", "--quiet", "--python", python)
    run(*install, "--require-hashes", "--requirement", LOCK)
    # When the command is installed there
    run(*install, "--no-deps", "--no-build-isolation", source)
    # Then it helps, and checks a bundle
    command = environment / "bin" / "flareflow"
    assert "usage: flareflow" in run(command, "--help")
    assert "Verified: 21 of 21 steps." in run(command, "verify", "--offline", BUNDLE)


def run(*command: str | Path) -> str:
    """What a command prints, in an environment without this repository."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(command, env=clean, capture_output=True, text=True, check=True, timeout=300).stdout
