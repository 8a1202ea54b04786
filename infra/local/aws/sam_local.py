"""`python -m infra.local.aws.sam_local FUNCTION EVENT`: one invocation in Lambda's container, on the running stack.

`sam local` leaves two things to us. It hands a function only the variables that the template names, so the ones that
lead to the local stack are named in a copy of the built template. And it puts the container into Docker's bridge
network, from which our servers, all on loopback, are reached through a forwarder for as long as the call takes.
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
    """What the function answered. Raises `FileNotFoundError` before `sam build` or `make up`."""
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
    """The built template with the variables named; beside the built one, whose relative paths it keeps."""
    template = yaml_parse(BUILT.read_text())
    properties: dict[str, Any] = template["Resources"][function]["Properties"]
    named = properties.setdefault("Environment", {}).setdefault("Variables", {})
    properties["Environment"]["Variables"] = {**dict.fromkeys(variables, ""), **named}
    local = BUILT.with_name("local.json")
    local.write_text(json.dumps(template))
    return local


async def _forward_all(environment: str, forwarders: AsyncExitStack) -> str:
    """The text with every loopback address replaced by that of a forwarder on the bridge."""
    bridge = _bridge_address()
    reachable = {}
    for port in set(LOOPBACK.findall(environment)):
        server = await asyncio.start_server(partial(_forward, int(port)), bridge)
        await forwarders.enter_async_context(server)
        reachable[port] = f"{bridge}:{server.sockets[0].getsockname()[1]}"
    return LOOPBACK.sub(lambda found: reachable[found.group(1)], environment)


def _bridge_address() -> str:
    """This machine's address in Docker's bridge network: the first, unless the engine says otherwise."""
    command = ["docker", "network", "inspect", "bridge", "--format", "{{json (index .IPAM.Config 0)}}"]
    said = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return str(said.get("Gateway") or ip_network(said["Subnet"])[1])


async def _forward(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Join a connection with a server of ours until either side ends it."""
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
    """Print the answer; 1 where the function gave none or an error."""
    function, event = sys.argv[1:]
    answer = asyncio.run(invoke(function, Path(event))).decode()
    print(answer)
    return 0 if answer and "errorType" not in json.loads(answer) else 1


if __name__ == "__main__":
    raise SystemExit(main())
