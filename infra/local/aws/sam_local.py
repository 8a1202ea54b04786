"""`python -m infra.local.aws.sam_local FUNCTION EVENT`: invokes a function once in Lambda's container.

The function works with the running stack, which `sam local` does not provide for in two ways. It passes a function
only the variables that the template names, so a copy of the built template names those of the local stack too. And
its container is in Docker's bridge network, while our servers listen on loopback: connections are forwarded meanwhile.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
from contextlib import AsyncExitStack
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

from samtranslator.yaml_helper import yaml_parse

from infra.local.aws.gateway.deployment import sam_environment_file
from infra.local.ports import HOST
from infra.local.run_dir import run_dir
from infra.paths import ROOT
from infra.setup.jobs import SAM, SAM_ENVIRONMENT

BUILT: Final = ROOT / ".aws-sam" / "build" / "template.yaml"
LOOPBACK: Final = re.compile(rf"{re.escape(HOST)}:(\d+)")
CHUNK_BYTES: Final = 65_536
INVOKE_SECONDS_MAX: Final = 300


async def invoke(function: str, event: Path) -> bytes:
    """The function's answer. Raises `FileNotFoundError` when `sam build` or `make up` was not run before."""
    variables = json.loads(sam_environment_file().read_text())[function]
    async with AsyncExitStack() as forwarders:
        reachable = await _forward_all(json.dumps({function: variables}), forwarders)
        environment = run_dir() / "sam-local-env.json"
        environment.touch(mode=0o600)
        environment.write_text(reachable)
        sam = await asyncio.create_subprocess_exec(
            *(SAM / "bin" / "sam", "local", "invoke", function, "--event", event),
            *("--template", _naming(function, variables), "--env-vars", environment, "--skip-pull-image"),
            env={**os.environ, **SAM_ENVIRONMENT},
            stdout=subprocess.PIPE,
        )
        answer, _ = await asyncio.wait_for(sam.communicate(), INVOKE_SECONDS_MAX)
        return answer


def _naming(function: str, variables: dict[str, str]) -> Path:
    """A copy of the built template that names the variables; it lies beside it, because its paths are relative."""
    template = yaml_parse(BUILT.read_text())
    properties: dict[str, Any] = template["Resources"][function]["Properties"]
    named = properties.setdefault("Environment", {}).setdefault("Variables", {})
    properties["Environment"]["Variables"] = {**dict.fromkeys(variables, ""), **named}
    local = BUILT.with_name("local.json")
    local.write_text(json.dumps(template))
    return local


async def _forward_all(environment: str, forwarders: AsyncExitStack) -> str:
    """The text, with a forwarder's address on the bridge in place of every loopback address."""
    bridge = _bridge_address()
    reachable = {}
    for port in set(LOOPBACK.findall(environment)):
        server = await asyncio.start_server(partial(_forward, int(port)), bridge)
        await forwarders.enter_async_context(server)
        reachable[port] = f"{bridge}:{server.sockets[0].getsockname()[1]}"
    return LOOPBACK.sub(lambda found: reachable[found.group(1)], environment)


def _bridge_address() -> str:
    """This machine's address in Docker's bridge network: its gateway, or else the first address."""
    command = ["docker", "network", "inspect", "bridge", "--format", "{{json (index .IPAM.Config 0)}}"]
    said = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return str(said.get("Gateway") or ip_network(said["Subnet"])[1])


async def _forward(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Connect the two sides until either closes."""
    there = await asyncio.open_connection(HOST, port)
    await asyncio.gather(_copy(reader, there[1]), _copy(there[0], writer), return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()


def main() -> int:
    """Print the answer; 1 when there is none, or it is an error."""
    function, event = sys.argv[1:]
    answer = asyncio.run(invoke(function, Path(event))).decode()
    print(answer)
    return 0 if answer and "errorType" not in json.loads(answer) else 1


if __name__ == "__main__":
    raise SystemExit(main())
