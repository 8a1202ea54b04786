"""Each part starts as soon as what it needs is ready, and gets what the steps before it found."""

import io
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from infra import paths
from infra.local import launch as launching
from infra.local.launch import Facts, Step, launch, stop
from infra.local.server import Server


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "LOCAL", tmp_path)
    return tmp_path


def quiet() -> Console:
    return Console(file=io.StringIO())


def test_steps_that_need_nothing_of_each_other_run_at_the_same_time() -> None:
    # Given two steps that each wait for the other to have begun
    both = threading.Barrier(2, timeout=60)

    def meet(_: Facts) -> Facts:
        both.wait()
        return {}

    # Then they meet
    launch([Step("one", meet), Step("two", meet)], quiet())


def test_a_step_sees_what_the_steps_that_it_needs_found() -> None:
    seen: list[Facts] = []

    def look(found: Facts) -> Facts:
        seen.append(found)
        return {"b": "2"}

    found = launch([Step("second", look, needs=["first"]), Step("first", lambda _: {"a": "1"})], quiet())
    assert (seen, found) == ([{"a": "1"}], {"a": "1", "b": "2"})


def test_nothing_that_needs_a_failed_step_runs() -> None:
    def fail(_: Facts) -> Facts:
        raise RuntimeError("as asked")

    ran: list[Facts] = []

    def note(found: Facts) -> Facts:
        ran.append(found)
        return {}

    with pytest.raises(RuntimeError, match="as asked"):
        launch([Step("first", fail), Step("second", note, needs=["first"])], quiet())
    assert ran == []


def test_a_need_that_nobody_gives_is_named() -> None:
    with pytest.raises(ValueError, match="lonely"):
        launch([Step("lonely", lambda _: {}, needs=["nobody"])], quiet())


def sleeper(name: str) -> Server:
    return Server(name, [sys.executable, "-c", "import time; time.sleep(600)"], ports=[], is_ready=lambda: True)


def test_a_failure_stops_the_servers_that_were_started(own_folder: Path) -> None:
    # Given a step that fails once a server runs
    server = sleeper("first")

    def fail(_: Facts) -> Facts:
        assert server.process() is not None
        raise RuntimeError("as asked")

    # When they are launched
    with pytest.raises(RuntimeError, match="as asked"):
        launch([server, Step("second", fail, needs=["first"])], quiet())
    # Then nothing runs any longer
    assert server.process() is None


def test_a_server_that_was_just_about_to_start_is_stopped_too(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a server that begins to run only after a failure has stopped all servers
    server, all_stopped, spawn = sleeper("late"), threading.Event(), Server._spawn

    def spawn_late(late: Server) -> None:
        all_stopped.wait(60)
        spawn(late)

    def stop_and_tell(servers: Sequence[Server]) -> list[str]:
        stopped = stop(servers)
        all_stopped.set()
        return stopped

    def fail(_: Facts) -> Facts:
        raise RuntimeError("as asked")

    monkeypatch.setattr(Server, "_spawn", spawn_late)
    monkeypatch.setattr(launching, "stop", stop_and_tell)
    # When the failure comes
    with pytest.raises(RuntimeError, match="as asked"):
        launch([server, Step("failing", fail)], quiet())
    # Then the late one does not run either
    assert server.process() is None
