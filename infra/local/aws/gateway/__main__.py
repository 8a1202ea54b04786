"""The local gateway: `python -m infra.local.aws.gateway`, once the template's resources are provisioned.

One process serves the HTTP API, the WebSocket API, the Lambda API and the functions' AWS endpoint, and runs
schedules, queues and streams.
"""

import asyncio
import shutil
import signal
import traceback
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Final

from aiohttp import web

from infra.local.aws import session as aws
from infra.local.aws.gateway import sqs_orders
from infra.local.aws.gateway.aws_endpoint import AwsEndpoint
from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.distribution import Distribution
from infra.local.aws.gateway.event_sources import event_sources
from infra.local.aws.gateway.functions import Functions
from infra.local.aws.gateway.http_api import HttpApi
from infra.local.aws.gateway.invoke_api import InvokeApi
from infra.local.aws.gateway.queues import QueuePoller
from infra.local.aws.gateway.schedules import schedules
from infra.local.aws.gateway.sqs_orders import SqsOrders
from infra.local.aws.gateway.streams import StreamPoller
from infra.local.aws.gateway.triggers import unpermitted_triggers
from infra.local.aws.gateway.websocket_api import WebSocketApi
from infra.local.ports import HOST, port, url
from infra.local.run_dir import run_dir

SHUTDOWN_SECONDS: Final = 1.0
RESTART_SECONDS: Final = 1.0
THREADS: Final = 32
"""For calls of boto3. By default there are fewer than pollers, which would wait for one another on a busy machine."""


async def serve(deployment: Deployment, stop: asyncio.Event) -> None:
    """Run the deployment until `stop` is set. The Lambda API is started last: once it answers, everything is warm.

    Raises `PermissionError` for a template with triggers that AWS would refuse.
    """
    if refused := unpermitted_triggers(deployment):
        raise PermissionError("; ".join(refused))
    functions, orders = Functions(deployment.functions), SqsOrders()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(functions.stop)
        await _listen(stack, "gateway_aws", AwsEndpoint(deployment.roles, deployment.websocket_api_id, orders).app())
        await _listen(stack, "gateway_http", Distribution.of(deployment).app(HttpApi.of(deployment, functions).app()))
        await _listen(stack, "gateway_websocket", WebSocketApi.of(deployment, functions).app())
        await functions.prewarm()
        await _listen(stack, "gateway_lambda", _with_control(InvokeApi(functions).app(), orders))
        background = [asyncio.create_task(work) for work in _background(deployment, functions, orders)]
        await stop.wait()
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)


async def _listen(stack: AsyncExitStack, name: str, app: web.Application) -> None:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, HOST, port(name)).start()


def _with_control(app: web.Application, orders: SqsOrders) -> web.Application:
    app.router.add_post(sqs_orders.PATH, orders.take)
    return app


def _background(deployment: Deployment, functions: Functions, orders: SqsOrders) -> Iterator[Coroutine[Any, Any, None]]:
    """Schedules and pollers, which invoke functions by themselves."""
    sqs = aws.session().client("sqs", endpoint_url=url("moto"))
    streams = aws.session().client("dynamodbstreams", endpoint_url=url("dynamodb"))
    for schedule in schedules(deployment):
        yield _kept_running(partial(schedule.run, functions))
    for source in event_sources(deployment, "sqs"):
        yield _kept_running(QueuePoller(source, functions, sqs, orders).run)
    for source in event_sources(deployment, "dynamodb"):
        yield _kept_running(StreamPoller(source, functions, streams, sqs).run)


async def _kept_running(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run `work`, and again after any failure. A poller that starts again delivers records again, as AWS may."""
    while True:
        try:
            await work()
        except Exception:
            traceback.print_exc()
        await asyncio.sleep(RESTART_SECONDS)


async def main() -> None:
    logs = run_dir() / "functions"
    shutil.rmtree(logs, ignore_errors=True)  # each run begins its own
    logs.mkdir()
    stop = asyncio.Event()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(Deployment.load(), stop)


if __name__ == "__main__":
    asyncio.run(main())
