"""The local gateway with the probe's template, served for a test module."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from botocore.config import Config
from websockets.sync.client import ClientConnection, connect

from infra.local.aws import dynamodb_server, moto_server
from infra.local.aws import session as aws
from infra.local.aws.gateway.__main__ import serve
from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.template import Template
from infra.local.aws.provision import provision
from infra.local.ports import HOST, port, url
from infra.local.run_dir import run_dir
from infra.paths import ROOT
from tests.support.eventually import WAIT_SECONDS_MAX, eventually

PORT_BASE: Final = "26500"
PROBE: Final = ROOT / "tests" / "integration" / "gateway_probe" / "template.yaml"


@dataclass(frozen=True, slots=True)
class Gateway:
    """The running gateway as tests see it."""

    deployment: Deployment
    notes_folder: Path
    http: httpx.Client

    def notes(self, function: str) -> list[dict[str, Any]]:
        """The events that a function got so far."""
        file = self.notes_folder / f"{function}.jsonl"
        lines = file.read_text().splitlines(keepends=True) if file.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def records(self, function: str) -> list[dict[str, Any]]:
        return [record for event in self.notes(function) for record in event["Records"]]

    @contextmanager
    def connected(self, ticket: str = "") -> Iterator[tuple[ClientConnection, str]]:
        """A WebSocket and the id of its connection, by a ticket that no other connection has."""
        ticket = ticket or uuid4().hex
        address = f"ws://{HOST}:{port('gateway_websocket')}/live?ticket={ticket}"
        with connect(address, open_timeout=WAIT_SECONDS_MAX, ping_interval=None) as socket:
            [context] = [
                note["requestContext"]
                for note in self.notes("SocketFunction")
                if note.get("queryStringParameters") == {"ticket": ticket}
            ]
            yield socket, context["connectionId"]

    def client(self, service: Any, server: str = "moto", path: str = "") -> Any:
        retries = Config(retries={"total_max_attempts": 1})
        return aws.session().client(service, endpoint_url=url(server) + path, config=retries)


@contextmanager
def served_gateway(notes_folder: Path) -> Iterator[Gateway]:
    """The gateway, DynamoDB Local and moto on ports of their own; the probe notes its events in the folder."""
    with ExitStack() as stack:
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        environment.setenv("FLAREFLOW_PORT_BASE", PORT_BASE)
        environment.setenv("FLAREFLOW_TICK_SECONDS", "1")
        for server in (dynamodb_server.server(), moto_server.server()):
            stack.callback(server.stop)
            server.start()
        template = Template.load({"NotesFolder": str(notes_folder)}, PROBE)
        deployment = Deployment(template, provision(template, {}))
        stack.callback(_served(deployment))
        http = stack.enter_context(httpx.Client(base_url=url("gateway_http"), timeout=WAIT_SECONDS_MAX))
        yield Gateway(deployment, notes_folder, http)


def _served(deployment: Deployment) -> Callable[[], None]:
    """Serve in a thread of its own; what is given back ends it."""
    (run_dir() / "functions").mkdir(exist_ok=True)
    stop = asyncio.Event()
    runner = asyncio.Runner()
    thread = threading.Thread(target=lambda: runner.run(serve(deployment, stop)))
    thread.start()
    eventually(lambda: _accepts(port("gateway_lambda")))

    def end() -> None:
        runner.get_loop().call_soon_threadsafe(stop.set)
        thread.join(WAIT_SECONDS_MAX)
        runner.close()

    return end


def _accepts(number: int) -> bool:
    try:
        return httpx.get(f"http://{HOST}:{number}/2015-03-31/functions/").is_success
    except httpx.HTTPError:
        return False
