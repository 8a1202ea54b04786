"""`python -m infra.local.flare.fdc NAME=URL...`: the voters of the local FDC and their data availability API."""

import argparse
import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web
from requests import RequestException
from web3 import Web3
from web3.exceptions import Web3Exception

from infra.deploy.networks import PUBLIC_SOURCE
from infra.local.flare.contracts import FlareDeployment, deployment_file
from infra.local.flare.fdc.chain import Chain
from infra.local.flare.fdc.rounds import Rounds
from infra.local.flare.fdc.service import ROUNDS, application
from infra.local.flare.fdc.verifier import Verifier
from infra.local.ports import HOST, port, url

TICK_SECONDS: Final = 0.5

logger = logging.getLogger("fdc")


async def _follow(rounds: Rounds) -> None:
    """Work on rounds for ever; a failure is logged, and the next tick tries again."""
    while True:
        try:
            await asyncio.to_thread(rounds.tick)
        except (Web3Exception, RequestException, RuntimeError):
            logger.exception("a tick failed")
        await asyncio.sleep(TICK_SECONDS)


async def _following(app: web.Application) -> AsyncIterator[None]:
    await asyncio.to_thread(app[ROUNDS].begin)
    task = asyncio.create_task(_follow(app[ROUNDS]))
    yield
    task.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.local.flare.fdc")
    parser.add_argument("hosts", nargs="+", help="names that the voters can resolve, as NAME=http://127.0.0.1:PORT")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    deployment = FlareDeployment.model_validate_json(deployment_file().read_bytes())
    chain = Chain(Web3(Web3.HTTPProvider(url("anvil"))), deployment.registry)
    verifier = Verifier.resolving(dict(one.split("=", 1) for one in given.hosts), PUBLIC_SOURCE)
    app = application(Rounds(chain, verifier))
    app.cleanup_ctx.append(_following)
    web.run_app(app, host=HOST, port=port("fdc"), print=None)


if __name__ == "__main__":
    main()
