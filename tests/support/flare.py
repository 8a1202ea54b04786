"""Flare on Anvil with its voters, and a host of statements whose answers the tests choose."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, cast

import httpx
import pytest
from web3 import Web3

from flareflow.adapters.aws.kms import KmsKey
from flareflow.adapters.flare.contracts import Web3Flare
from flareflow.adapters.flare.data_availability import HttpDataAvailability
from flareflow.adapters.flare.evm_signer import KmsEvmSigner
from infra.local.flare.anvil import anvil
from infra.local.flare.contracts import FlareDeployment, deploy_flare, fdc, fund
from infra.local.ports import HOST, port, url
from tests.support.eventually import WAIT_SECONDS_MAX
from tests.support.kms import MemoryKms

STATEMENT_HOST: Final = "statements.flareflow.test"
ROUND_SECONDS: Final = 3


@dataclass
class StatementHost:
    """Serves JSON texts by path, and keeps the path of each request."""

    texts: dict[str, str] = field(default_factory=dict)
    fetches: list[str] = field(default_factory=list)

    @contextmanager
    def serving(self) -> Iterator[None]:
        server = ThreadingHTTPServer((HOST, port("gateway_http")), self._handler())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.fetches.append(self.path)
                text = host.texts.get(self.path)
                self.send_response(404 if text is None else 200)
                self.send_header("content-type", "application/json")
                self.end_headers()
                self.wfile.write((text or "{}").encode())

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        return Handler


@dataclass(frozen=True)
class LocalFlare:
    """The running local Flare, as tests use it."""

    deployment: FlareDeployment
    web3: Web3
    flare: Web3Flare
    availability: HttpDataAvailability
    host: StatementHost

    def order(self, what: str, **how: float) -> None:
        """Order the voters to misbehave."""
        httpx.post(f"{url('fdc')}/control/{what}", json=how, timeout=WAIT_SECONDS_MAX).raise_for_status()


@contextmanager
def anvil_running(port_base: int) -> Iterator[Web3]:
    """A fresh Anvil on ports of its own."""
    with pytest.MonkeyPatch.context() as environment, ExitStack() as stack:
        environment.setenv("FLAREFLOW_PORT_BASE", str(port_base))
        server = anvil()
        stack.callback(server.stop)
        server.start()
        yield Web3(Web3.HTTPProvider(url("anvil")))


@contextmanager
def local_flare(port_base: int) -> Iterator[LocalFlare]:
    """Anvil, the stand-ins, the voters and a statement host, for as long as the context lasts."""
    with anvil_running(port_base) as web3, ExitStack() as stack:
        deployment = deploy_flare(round_seconds=ROUND_SECONDS)
        host = StatementHost()
        stack.enter_context(host.serving())
        voters = fdc(STATEMENT_HOST)
        stack.callback(voters.stop)
        voters.start()
        signer = KmsEvmSigner(KmsKey(cast("Any", MemoryKms(wants_high_s=True)), "key-1"))
        fund(signer.address)
        availability = HttpDataAvailability.at(url("fdc"))
        stack.callback(availability.http.close)
        flare = Web3Flare.at(url("anvil"), deployment.registry, signer)
        yield LocalFlare(deployment, web3, flare, availability, host)
