"""`python -m tests.support.litellm_alone PORT`, in LiteLLM's environment: the gate, and LiteLLM without it on PORT.

Both are the same process with the same keys and the same spend log, so that what each lets through can be compared.
"""

import asyncio
import sys

from flareflow_gate import configuration
from flareflow_gate.__main__ import serve, server
from flareflow_gate.litellm_app import LITELLM
from flareflow_gate.settings import Settings


async def main(port: int) -> None:
    """Serve until a signal ends the gate. The configuration is not checked: some tests want a careless one."""
    alone = server(LITELLM, "127.0.0.1", port, runs_lifespan=False)
    serving = asyncio.create_task(alone.serve())
    await serve(Settings.from_environment(), configuration.load())
    alone.should_exit = True
    await serving


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
