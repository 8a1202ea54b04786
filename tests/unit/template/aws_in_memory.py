"""AWS in memory (moto, without any socket), with the template's resources in it.

Every request of a function is read as the local gateway reads it, and recorded: what it needs is what the function's
role has to allow.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import _lru_cache_wrapper, cached_property
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
from aws_lambda_powertools.utilities.parameters import clear_caches
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.session import Session
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

from infra.local.aws import provision, session
from infra.local.aws.gateway.aws_calls import AwsCall, Request, parse_call
from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.policies import Access
from infra.local.aws.gateway.template import Template

GONE: Final = "gone"
"""A connection with this id has left."""
ADMINISTRATOR: Final = "local"
"""The access key of `infra.local.aws.session`, which may do everything."""

type Handler = Callable[[dict[str, Any]], Any]


@dataclass
class AwsInMemory:
    """The deployment, and the accesses that each function needed so far.

    All functions have one session: reading the models of AWS' services takes longer than all that they do.
    """

    deployment: Deployment
    used: dict[str, set[Access]] = field(default_factory=lambda: defaultdict(set))
    session: Session = field(default_factory=Session)
    _boto3: boto3.Session = field(init=False)

    def __post_init__(self) -> None:
        self._boto3 = boto3.Session(botocore_session=self.session)

    @contextmanager
    def function(self, name: str, *, left_ms: int = 240_000) -> Iterator[tuple[Any, Any, Handler]]:
        """A function's handler module, its composition root, and its handler, run under its own role.

        `left_ms` is the time that the handler believes to have left.
        """
        folder = self.deployment.functions[name].code.name
        bootstrap = import_module(f"flareflow.bootstrap.{folder}")
        app = import_module(f"functions.{folder}.app")
        context = SimpleNamespace(
            function_name=name,
            memory_limit_in_mb=512,
            invoked_function_arn=self.deployment.functions[name].arn,
            aws_request_id="invocation-1",
            get_remaining_time_in_millis=lambda: left_ms,
        )
        with pytest.MonkeyPatch.context() as patch:
            environment = self.environment(name)
            for variable, value in environment.items():
                patch.setenv(variable, value)
            patch.setattr(boto3, "DEFAULT_SESSION", self._boto3)
            self.session.set_credentials(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
            if hasattr(app, "metrics"):  # it read its namespace when it was imported
                patch.setattr(app.metrics, "namespace", "FlareFlow")
            _forget(bootstrap)
            yield app, bootstrap, lambda event: app.handler(event, context)
            _forget(bootstrap)

    @cached_property
    def tables(self) -> Any:
        """DynamoDB for the administrator."""
        return session.session().resource("dynamodb")

    @cached_property
    def streams(self) -> Any:
        """Their streams for the administrator."""
        return session.session().client("dynamodbstreams")

    @property
    def queues(self) -> Any:
        return session.session().client("sqs")

    def name_of(self, logical_id: str) -> str:
        return self.deployment.physical(logical_id).ref

    def environment(self, name: str) -> Mapping[str, str]:
        """As in AWS: no endpoint is named, and connections are managed where API Gateway serves them."""
        given = dict(self.deployment.functions[name].environment)
        local = given.pop("AWS_ENDPOINT_URL")
        served = f"https://{self.deployment.websocket_api_id}.execute-api.us-east-1.amazonaws.com"
        return {variable: value.replace(local, served) for variable, value in given.items()}

    def answer(self, stubber: BotocoreStubber, request: AWSPreparedRequest, **rest: Any) -> Any:
        """moto's answer; connections are there as long as they are not `GONE`."""
        call = self._record(request)
        if call and call.service == "execute-api":
            status = 410 if f"/{GONE}" in request.url else 200
            headers = {"x-amzn-ErrorType": "GoneException"} if status == 410 else {}
            return AWSResponse(request.url, status, headers, MockRawResponse(b"{}"))  # type: ignore[arg-type]
        answered = _ask_moto(stubber, request=request, **rest)
        if call and call.service == "s3" and answered and answered.status_code == 404:
            # S3 says that an object is missing only to those who may list its bucket
            self.used[call.caller].add(Access("s3:ListBucket", call.accesses[0].resource.partition("/")[0]))
        return answered

    def _record(self, request: AWSPreparedRequest) -> AwsCall | None:
        """What a function asks for; None for the administrator."""
        headers = {key: v.decode() if isinstance(v, bytes) else str(v) for key, v in request.headers.items()}
        if f"Credential={ADMINISTRATOR}/" in headers.get("Authorization", ""):
            return None
        url = urlsplit(request.url)
        bucket = f"/{url.netloc.partition('.s3.')[0]}" if ".s3." in url.netloc else ""
        asked = Request(
            method=request.method,
            path=bucket + url.path,
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            authorization=headers["Authorization"],
            target=headers.get("X-Amz-Target", ""),
            body=request.body if isinstance(request.body, bytes) else b"",
        )
        call = parse_call(asked, self.deployment.websocket_api_id)
        self.used[call.caller] |= {self._without_object(access) for access in call.accesses}
        return call

    @staticmethod
    def _without_object(access: Access) -> Access:
        """One object or connection stands for all of its kind."""
        if access.action.startswith("s3:"):
            return Access(access.action, access.resource.partition("/")[0] + "/*")
        if access.action.startswith("execute-api:"):
            return Access(access.action, "/".join(access.resource.split("/")[:2]) + "/*")
        return access


_ask_moto: Final = BotocoreStubber.__call__


@contextmanager
def aws_in_memory(template: Template) -> Iterator[AwsInMemory]:
    """Everything that the template declares, empty."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")  # moto does not know hosts with the account's id
        patch.setattr(provision, "url", lambda _: None)
        made = provision.Provisioner(template, {}).make_all()
        aws = AwsInMemory(Deployment(template, made))

        def answer(stubber: BotocoreStubber, **given: Any) -> Any:
            return aws.answer(stubber, **given)

        patch.setattr(BotocoreStubber, "__call__", answer)
        yield aws


def _forget(bootstrap: Any) -> None:
    """What was put together or read for one function is not to serve another."""
    clear_caches()  # type: ignore[no-untyped-call]
    for value in vars(bootstrap).values():
        if isinstance(value, _lru_cache_wrapper):
            value.cache_clear()
