"""Calling a function's handler as AWS does."""

import base64
import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Final

from tests.fakes.accounts import ALICE
from tests.support.openapi import undocumented

EVENTS: Final = Path(__file__).parents[1] / "events"
REQUEST_ID: Final = "request-1"
SOURCE_IP: Final = "192.0.2.1"
SESSION_ID: Final = "5e" * 32
CONTEXT: Final = SimpleNamespace(
    function_name="function",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:function",
    aws_request_id="invocation-1",
    get_remaining_time_in_millis=lambda: 60_000,
)

type Load = Callable[..., "Function"]
"""The fixture `load`: the name of a function, and by keyword the use cases to give it."""


def sample(name: str) -> Any:
    """The sample event of a function."""
    return json.loads((EVENTS / f"{name}.json").read_bytes())


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as API Gateway gets it."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def body(self) -> Any:
        """The parsed JSON; None where there is no body."""
        return json.loads(self.text) if self.text else None


@dataclass(frozen=True)
class Function:
    """One function; `module` is that of its handler."""

    module: ModuleType

    def handle(self, event: Any) -> Any:
        return self.module.handler(event, CONTEXT)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        caller: str | None = ALICE,
        operator: str | None = None,
        is_operator: bool = False,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send an HTTP request; a body that is not text is sent as JSON.

        `caller` is who is signed in, as an operator if the authorizer has found so; `operator` is the identity of IAM
        that has signed the request instead.
        The answer must be as docs/openapi.json says.
        """
        session = (
            {"lambda": {"address": caller, "session_id": SESSION_ID, "is_operator": is_operator}} if caller else None
        )
        sender = {"iam": {"userArn": operator}} if operator else session
        answer = self.handle(
            {
                "version": "2.0",
                "rawPath": path,
                "rawQueryString": "",
                "headers": dict(headers or {}),
                "body": body if isinstance(body, str) else json.dumps(body),
                "isBase64Encoded": False,
                "requestContext": {
                    "requestId": REQUEST_ID,
                    "stage": "$default",
                    "http": {"method": method, "path": path, "sourceIp": SOURCE_IP, "userAgent": "a test"},
                    **({"authorizer": sender} if sender else {}),
                },
                **({"queryStringParameters": dict(query)} if query else {}),
            }
        )
        headers, text = answer["headers"], _text_of(answer)
        told = undocumented(method, path, answer["statusCode"], headers.get("Content-Type", ""), text)
        assert told == [], f"{method} {path} answers what docs/openapi.json does not say"
        return Answer(answer["statusCode"], text, headers)


def _text_of(answer: Mapping[str, Any]) -> str:
    """The body as a client reads it: decompressed, where it is compressed."""
    body: str = answer["body"]
    if not body or not answer.get("isBase64Encoded"):
        return body
    return gzip.decompress(base64.b64decode(body)).decode()
