"""How a local server is started, waited for and stopped, without touching what is not ours."""

import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from infra import paths
from infra.local import patience, ports
from infra.local.server import PortTakenError, Server, ServerFailedError
from infra.waiting import until

pytestmark = pytest.mark.allow_hosts([ports.HOST])


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "LOCAL", tmp_path)


@pytest.fixture
def taken_port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server((ports.HOST, 0)) as listener:
        number = listener.getsockname()[1]
        monkeypatch.setenv("FLAREFLOW_PORT_ANVIL", str(number))
        yield number


def sleeper(*, ready: bool = True) -> Server:
    command = [sys.executable, "-c", "import time; print('still loading', flush=True); time.sleep(60)"]
    return Server("sleeper", command, ports=[], is_ready=lambda: ready)


def test_a_taken_port_is_named_with_the_variable_that_moves_it(taken_port: int) -> None:
    # Given a server that wants a port on which somebody else listens
    server = Server("anvil", ["false"], ports=["anvil"], is_ready=lambda: True)
    # When it is started, Then it refuses and says what to set, and has started nothing
    with pytest.raises(PortTakenError, match=rf"wants port {taken_port} .* FLAREFLOW_PORT_ANVIL"):
        server.start()
    assert not server.pid_file.exists()


def test_stopping_ends_the_process_that_was_started() -> None:
    # Given a running server
    server = sleeper()
    server.start()
    process = server.process()
    assert process is not None
    # When it is stopped, Then it says that it was running
    assert server.stop()
    # And its process is gone, and stopping again does nothing
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert not server.stop()


def test_another_process_that_has_the_recorded_pid_is_not_stopped() -> None:
    # Given a note of a process that ended, whose pid now belongs to somebody else: this test
    server = sleeper()
    server.pid_file.write_text(f'{{"pid": {psutil.Process().pid}, "created": {time.time() - 10_000}}}')
    # When the server is stopped
    assert server.process() is None
    server.stop()
    # Then this test still runs, and the note is gone
    assert not server.pid_file.exists()


def test_a_server_that_is_given_up_is_stopped_and_what_it_last_said_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a server that stops working before it is ready
    monkeypatch.setattr(patience, "QUIET_SECONDS_MAX", 2.0)
    server = sleeper(ready=False)
    # When it is started, Then the failure says why, and what the server said last
    with pytest.raises(ServerFailedError, match=r"(?s)sleeper did nothing for 2 s\. Its log, .*still loading"):
        server.start()
    # And it does not run any longer
    assert server.process() is None


def test_a_server_that_ends_while_it_starts_is_told_with_its_log() -> None:
    server = Server("ender", [sys.executable, "-c", "print('no such database')"], ports=[], is_ready=lambda: False)
    with pytest.raises(ServerFailedError, match=r"(?s)ender ended while it started\..*no such database"):
        server.start()


def test_an_interrupted_start_leaves_nothing_running() -> None:
    # Given a server during whose start the user interrupts
    def interrupt() -> bool:
        raise KeyboardInterrupt

    server = replace(sleeper(), is_ready=interrupt)
    # When it is started
    with pytest.raises(KeyboardInterrupt):
        server.start()
    # Then it was stopped
    assert server.process() is None


def test_the_signs_of_work_are_those_of_the_server_and_its_children() -> None:
    # Given a server whose child uses the processor and says nothing, for as long as its parent runs
    work = "import os; parent = os.getppid()\nwhile os.getppid() == parent: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])"
    server = Server("parent", [sys.executable, "-c", parent], ports=[], is_ready=lambda: True)
    server.start()
    try:
        before = server.signs()
        # When it goes on, Then more processor time was used
        until(lambda: server.signs().show_work_since(before) or None, 120)
    finally:
        server.stop()
