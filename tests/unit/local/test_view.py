"""What `make status` and `make down` say."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from infra import paths
from infra.local import ports, view
from infra.local.server import Server

pytestmark = pytest.mark.allow_hosts([ports.HOST])


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "LOCAL", tmp_path)


def server(name: str, *, ready: bool = True) -> Server:
    return Server(name, [sys.executable, "-c", "input()"], ports=["anvil"], is_ready=lambda: ready)


@pytest.fixture
def running() -> Iterator[Server]:
    one = Server("one", [sys.executable, "-c", "import time; time.sleep(600)"], ports=["anvil"], is_ready=lambda: True)
    one.start()
    yield one
    one.stop()


def shown(*servers: Server) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(view.status(servers), highlight=False)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_status_says_that_nothing_runs() -> None:
    assert "Nothing is running. `make up` starts the stack." in shown(server("one"), server("two"))


def test_status_says_that_everything_runs_and_where(running: Server) -> None:
    text = shown(running)
    assert "All 1 servers are running. `make down` stops them." in text
    assert "127.0.0.1:" in text


def test_status_says_what_happens_to_a_stack_of_which_a_part_runs(running: Server) -> None:
    assert "1 of 2 servers are running. `make up` stops them and starts everything anew." in shown(running, server("b"))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "Nothing was running."),
        (["moto"], "Stopped 1 server: moto."),
        (["moto", "flow"], "Stopped 2 servers: moto, flow."),
    ],
)
def test_down_says_what_it_stopped(names: list[str], said: str) -> None:
    assert view.stopped(names) == said


def test_a_log_that_is_not_there_is_named() -> None:
    assert view.logs("nonsense").startswith("There is no log of nonsense in ")
