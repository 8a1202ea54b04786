"""What a signed AWS request asks for: who calls which service, and the actions and resources that IAM decides on.

Only the operations that are listed here are known; any other is refused, whatever the policies say.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from infra.local.aws import session as aws
from infra.local.aws.gateway.policies import Access

CREDENTIAL: Final = re.compile(r"Credential=(?P<caller>[^/,\s]+)/\d{8}/[^/]+/(?P<service>[^/]+)/aws4_request")
CONNECTION_PATH: Final = re.compile(r"/(?P<stage>[^/]+)/@connections/[^/]+")

TABLE_OPERATIONS: Final = frozenset({"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"})
BATCH_OPERATIONS: Final = frozenset({"BatchGetItem", "BatchWriteItem"})
STREAM_OPERATIONS: Final = frozenset({"GetShardIterator", "GetRecords"})
STREAM: Final = re.compile(r"arn:[^|]+:table/[^|/]+/stream/[0-9T:.-]+")
"""In an ARN, or in the iterator of a shard, which begins with it."""
TRANSACTION_ACTIONS: Final = {
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
QUEUE_ACTIONS: Final = {
    "SendMessage": "SendMessage",
    "SendMessageBatch": "SendMessage",
    "ReceiveMessage": "ReceiveMessage",
    "DeleteMessage": "DeleteMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "GetQueueAttributes": "GetQueueAttributes",
}
KEY_OPERATIONS: Final = frozenset({"Sign", "GetPublicKey"})
OBJECT_ACTIONS: Final = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}

type Body = Mapping[str, Any]


class UnknownCallError(Exception):
    """The request is not signed, or asks for an operation that is not known here."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as far as it says what is asked for; `path` is as it was sent, percent-encoded."""

    method: str
    path: str
    query: Mapping[str, str]
    authorization: str
    target: str
    body: bytes


@dataclass(frozen=True, slots=True)
class AwsCall:
    """Who calls (the access key's id) which service (its signing name), and everything that must be allowed."""

    caller: str
    service: str
    accesses: Sequence[Access]


def parse_call(request: Request, websocket_api: str) -> AwsCall:
    """Raises `UnknownCallError`; `websocket_api` is the id of the API whose connections are managed."""
    signed = CREDENTIAL.search(request.authorization)
    if signed is None:
        raise UnknownCallError("the request is not signed")
    service = signed["service"]
    if service == "execute-api":
        accesses = [_connection_access(request, websocket_api)]
    elif service == "s3":
        accesses = [_object_access(request)]
    elif service in JSON_SERVICES:
        accesses = list(_json_accesses(service, request))
    else:
        raise UnknownCallError(f"the service {service} is not known")
    return AwsCall(signed["caller"], service, accesses)


def _json_accesses(service: str, request: Request) -> Iterator[Access]:
    operation = request.target.rpartition(".")[2]
    try:
        yield from JSON_SERVICES[service](operation, json.loads(request.body))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UnknownCallError(f"the call {request.target or 'without X-Amz-Target'} is not known") from error


def _dynamodb(operation: str, body: Body) -> Iterator[Access]:
    if operation in TABLE_OPERATIONS:
        index = f"/index/{body['IndexName']}" if "IndexName" in body else ""
        yield Access(f"dynamodb:{operation}", table_arn(body["TableName"]) + index)
    elif operation in BATCH_OPERATIONS:
        for table in body["RequestItems"]:
            yield Access(f"dynamodb:{operation}", table_arn(table))
    elif operation in {"TransactWriteItems", "TransactGetItems"}:
        for item in body["TransactItems"]:
            for kind, what in item.items():
                yield Access(f"dynamodb:{TRANSACTION_ACTIONS[kind]}", table_arn(what["TableName"]))
    elif operation in STREAM_OPERATIONS:
        place = STREAM.search(body.get("StreamArn") or body["ShardIterator"])
        yield Access(f"dynamodb:{operation}", place[0])  # type: ignore[index]  # without a stream it is not known
    else:
        raise KeyError(operation)


def _sqs(operation: str, body: Body) -> Iterator[Access]:
    queue = body["QueueUrl"].rpartition("/")[2]
    yield Access(f"sqs:{QUEUE_ACTIONS[operation]}", aws.arn("sqs", queue))


def _secrets(operation: str, body: Body) -> Iterator[Access]:
    if operation != "GetSecretValue":
        raise KeyError(operation)
    yield Access(f"secretsmanager:{operation}", body["SecretId"])


def _kms(operation: str, body: Body) -> Iterator[Access]:
    if operation not in KEY_OPERATIONS:
        raise KeyError(operation)
    yield Access(f"kms:{operation}", aws.arn("kms", f"key/{body['KeyId']}"))


JSON_SERVICES: Final[Mapping[str, Callable[[str, Body], Iterator[Access]]]] = {
    "dynamodb": _dynamodb,
    "sqs": _sqs,
    "secretsmanager": _secrets,
    "kms": _kms,
}


def _object_access(request: Request) -> Access:
    """An object by its path; subresources and buckets as a whole are not known."""
    bucket, _, key = unquote(request.path).removeprefix("/").partition("/")
    if not key or set(request.query) - {"x-id"} or request.method not in OBJECT_ACTIONS:
        raise UnknownCallError(f"{request.method} {request.path} of S3 is not known")
    return Access(f"s3:{OBJECT_ACTIONS[request.method]}", f"arn:{aws.PARTITION}:s3:::{bucket}/{key}")


def _connection_access(request: Request, api_id: str) -> Access:
    if CONNECTION_PATH.fullmatch(request.path) is None:
        raise UnknownCallError(f"{request.method} {request.path} of execute-api is not known")
    _, stage, connection = request.path.split("/", 2)
    resource = f"{api_id}/{stage}/{request.method}/{connection}"
    return Access("execute-api:ManageConnections", aws.arn("execute-api", resource))


def table_arn(name: str) -> str:
    return aws.arn("dynamodb", f"table/{name}")
