"""A local server never takes what is not its own."""

import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from infra import paths
from infra.local import ports
from infra.local.server import PortTakenError, Server, ServerFailedError


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "LOCAL", tmp_path)


@pytest.fixture
def taken_port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server((ports.HOST, 0)) as listener:
        number = listener.getsockname()[1]
        monkeypatch.setenv("FLAREFLOW_PORT_ANVIL", str(number))
        yield number


def sleeper(*, ready: bool = True) -> Server:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    return Server("sleeper", command, ports=[], is_ready=lambda: ready, ready_seconds=0.5)


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
    # When it is stopped
    server.stop()
    # Then its process is gone, and stopping again does nothing
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    server.stop()


def test_another_process_with_a_noted_pid_is_left_alone() -> None:
    # Given a note of a process that ended, whose pid now belongs to somebody else: this test
    server = sleeper()
    server.pid_file.write_text(f'{{"pid": {psutil.Process().pid}, "created": {time.time() - 10_000}}}')
    # When the server is stopped
    assert server.process() is None
    server.stop()
    # Then this test still runs, and the note is gone
    assert not server.pid_file.exists()


def test_a_server_that_is_never_ready_is_reported_with_its_log() -> None:
    server = sleeper(ready=False)
    with pytest.raises(ServerFailedError, match=r"sleeper was not ready in"):
        server.start()
    server.stop()
