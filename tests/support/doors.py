"""LiteLLM twice: behind the gate and alone, with an upstream that tells what it served."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml

from infra.local.litellm import servers
from infra.local.ports import OFFSETS, port, url
from infra.local.run_dir import run_dir
from infra.local.server import Server, answers
from infra.paths import ROOT
from infra.waiting import until
from tests.support.eventually import WAIT_SECONDS_MAX
from tests.support.litellm import MASTER_KEY, PUSH_SECRET, PushSink

ALONE: Final = "litellm_alone"


@dataclass(frozen=True)
class Doors:
    """Two ways to the same LiteLLM, and what each call has cost by all who count."""

    sink: PushSink

    @property
    def gate(self) -> str:
        return url("litellm")

    @property
    def alone(self) -> str:
        return url(ALONE)

    def new_key(self) -> str:
        """A virtual key as FlareFlow makes them."""
        answer = self._admin("POST", "/key/generate", json={"key_type": "llm_api"})
        return str(answer["key"])

    def served(self) -> Sequence[dict[str, Any]]:
        """Every call that the upstream has answered so far: its model and tokens."""
        answer = httpx.get(f"{url('upstream')}/served", timeout=WAIT_SECONDS_MAX)
        found: list[dict[str, Any]] = answer.raise_for_status().json()
        return found

    def rows(self) -> Sequence[dict[str, Any]]:
        """LiteLLM's spend log of the last hour, which has fewer rows than a page."""
        now = datetime.now(UTC)
        query = {
            "start_date": f"{now - timedelta(hours=1):%Y-%m-%d %H:%M:%S}",
            "end_date": f"{now + timedelta(minutes=1):%Y-%m-%d %H:%M:%S}",
            "page_size": "1000",
        }
        found: list[dict[str, Any]] = self._admin("GET", "/spend/logs/v2", params=query)["data"]
        return found

    def records(self) -> Sequence[dict[str, Any]]:
        """What the gate has handed over."""
        return [record for body in list(self.sink.bodies) for record in json.loads(body)]

    def _admin(self, method: str, path: str, **request: Any) -> Any:
        headers = {"authorization": f"Bearer {MASTER_KEY}"}
        answer = httpx.request(
            method, f"{url('litellm_admin')}{path}", headers=headers, timeout=WAIT_SECONDS_MAX, **request
        )
        return answer.raise_for_status().json()


def hash_of(key: str) -> str:
    return sha256(key.encode()).hexdigest()


@contextmanager
def both_doors(port_base: str, *, careless: bool, program: str = "tests.support.litellm_alone") -> Iterator[Doors]:
    """Start LiteLLM with both doors, by `program`.

    `careless`: without the switches that the shipped configuration sets.
    """
    sink = PushSink()
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack, sink.listening() as api_url:
        patch.setenv("FLAREFLOW_PORT_BASE", port_base)
        patch.setitem(OFFSETS, ALONE, 34)
        for server in (servers.postgres(), servers.upstream(), _litellm(api_url, program, careless=careless)):
            stack.callback(server.stop)
            server.start()
        until(lambda: answers(f"{url('litellm')}/health/readiness")() or None, WAIT_SECONDS_MAX)
        yield Doors(sink)


def _litellm(api_url: str, program: str, *, careless: bool) -> Server:
    gate = servers.litellm(MASTER_KEY, api_url, PUSH_SECRET)
    python = gate.command[1]
    environment = {
        **gate.env,
        "PYTHONPATH": f"{gate.env['PYTHONPATH']}:{ROOT}",
        "CONFIG_FILE_PATH": str(_configuration(careless=careless)),
    }
    (run_dir() / "gate").mkdir(exist_ok=True)
    (run_dir() / "gate" / "outbox.db").unlink(missing_ok=True)
    return replace(gate, command=[python, "-m", program, str(port(ALONE))], env=environment)


def _configuration(*, careless: bool) -> Path:
    """The local stack's, without LiteLLM's callback."""
    configured = yaml.safe_load((servers.KIT / "config.yaml").read_text())
    configured["litellm_settings"].pop("callbacks", None)
    configured.pop("callback_settings", None)
    if careless:
        del configured["litellm_settings"]["global_disable_no_log_param"]
    file = run_dir() / "litellm_config.yaml"
    file.write_text(yaml.safe_dump(configured))
    return file
