"""The functions do their whole job under the roles of the template, with DynamoDB Local, moto and the AWS endpoint."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from flareflow.errors import StorageUnavailableError
from infra.local.aws import dynamodb_server, moto_server
from infra.local.aws import session as aws
from infra.local.aws.gateway.aws_endpoint import AwsEndpoint
from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.functions import Functions
from infra.local.aws.gateway.template import Template
from infra.local.aws.gateway.websocket_api import WebSocketApi
from infra.local.aws.provision import provision
from infra.local.ports import HOST, port, url
from tests.support.deployment import template_source
from tests.unit.template.aws_in_memory import AwsInMemory
from tests.unit.template.main_job import MainJob

pytestmark = pytest.mark.stack

PORT_BASE = "28500"
THREAD_SECONDS_MAX = 240.0


@dataclass
class AwsOnThisMachine(AwsInMemory):
    """The local parts in place of moto in memory; no connection is open."""

    def environment(self, name: str) -> Mapping[str, str]:
        return self.deployment.functions[name].environment

    @property
    def tables(self) -> Any:
        return aws.session().resource("dynamodb", endpoint_url=url("dynamodb"))

    @property
    def streams(self) -> Any:
        return aws.session().client("dynamodbstreams", endpoint_url=url("dynamodb"))

    @property
    def queues(self) -> Any:
        return aws.session().client("sqs", endpoint_url=url("moto"))


@contextmanager
def served(deployment: Deployment) -> Iterator[None]:
    """The functions' AWS endpoint and the API whose connections they manage."""
    apps = {
        "gateway_aws": AwsEndpoint(deployment.roles, deployment.websocket_api_id).app(),
        "gateway_websocket": WebSocketApi.of(deployment, Functions({})).app(),
    }
    stop, ready, runner = asyncio.Event(), threading.Event(), asyncio.Runner()

    async def serve() -> None:
        runners = {name: web.AppRunner(app) for name, app in apps.items()}
        for name, app_runner in runners.items():
            await app_runner.setup()
            await web.TCPSite(app_runner, HOST, port(name)).start()
        ready.set()
        await stop.wait()
        for app_runner in runners.values():
            await app_runner.cleanup()

    thread = threading.Thread(target=lambda: runner.run(serve()))
    thread.start()
    assert ready.wait(THREAD_SECONDS_MAX)
    try:
        yield
    finally:
        runner.get_loop().call_soon_threadsafe(stop.set)
        thread.join(THREAD_SECONDS_MAX)
        runner.close()


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """DynamoDB Local and moto, empty."""
    monkeypatch.setenv("FLAREFLOW_PORT_BASE", PORT_BASE)
    with ExitStack() as stack:
        for server in (dynamodb_server.server(), moto_server.server()):
            stack.callback(server.stop)
            server.start()
        yield


def deployed(source: Mapping[str, Any]) -> Deployment:
    template = Template.translated(source, {})
    return Deployment(template, provision(template, {}))


@pytest.mark.usefixtures("parts")
def test_the_whole_job_is_done_under_the_roles_of_the_template() -> None:
    deployment = deployed(template_source())
    with served(deployment):
        MainJob(AwsOnThisMachine(deployment)).run()


@pytest.mark.usefixtures("parts")
@pytest.mark.filterwarnings("ignore:No application metrics to publish")  # of the poll that fails
def test_the_job_fails_without_one_action_in_a_policy() -> None:
    # Given the template, in which the role of the poll may not query the usage
    source = template_source()
    statements = source["Resources"]["UsagePollingFunction"]["Properties"]["Policies"][0]["Statement"]
    [usage] = [one for one in statements if "dynamodb:ConditionCheckItem" in one["Action"]]
    usage["Action"].remove("dynamodb:Query")
    deployment = deployed(source)
    # When the job is done, Then the poll cannot finish it
    with served(deployment), pytest.raises(StorageUnavailableError) as refused:
        MainJob(AwsOnThisMachine(deployment)).run()
    assert "dynamodb:Query on resource: " in str(refused.value.__cause__)
    assert "flareflow-usagetable" in str(refused.value.__cause__)
