"""The folder of a running stack belongs to one checkout: a copy never touches what the original runs."""

import shutil
import sys
from pathlib import Path

import pytest

from infra import paths
from infra.local.run_dir import run_dir
from infra.local.server import Server


def in_checkout(root: Path, environment: pytest.MonkeyPatch) -> None:
    """Run as if the repository were in this folder."""
    environment.setattr(paths, "ROOT", root)
    environment.setattr(paths, "LOCAL", root / ".local")


def test_stopping_in_a_copy_leaves_the_servers_of_the_original_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a checkout with a running server
    in_checkout(tmp_path / "original", monkeypatch)
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    server = Server("sleeper", command, ports=[], is_ready=lambda: True)
    (tmp_path / "original").mkdir()
    server.start()
    try:
        # When the checkout is copied with everything in it, and the copy stops its stack
        shutil.copytree(tmp_path / "original", tmp_path / "copy")
        in_checkout(tmp_path / "copy", monkeypatch)
        assert not server.stop()
        # Then the server of the original still runs
        in_checkout(tmp_path / "original", monkeypatch)
        assert server.process() is not None
    finally:
        in_checkout(tmp_path / "original", monkeypatch)
        server.stop()


def test_what_a_stack_wrote_stays_until_another_checkout_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given secrets of a stack
    (tmp_path / "a").mkdir()
    in_checkout(tmp_path / "a", monkeypatch)
    secrets = run_dir() / "secrets.json"
    secrets.write_text("{}")
    # Then they are there the next time
    assert (run_dir() / "secrets.json").exists()
    # But a copy of the checkout begins with nothing
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    in_checkout(tmp_path / "b", monkeypatch)
    assert [file.name for file in run_dir().iterdir()] == ["checkout"]
    assert secrets.exists()
