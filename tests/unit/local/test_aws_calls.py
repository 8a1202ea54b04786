"""Which actions and resources a request asks for, read from requests as boto3 writes them."""

from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config

from infra.local.aws.gateway.aws_calls import Request, UnknownCallError, parse_call
from infra.local.aws.gateway.policies import Access

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:push-AbCdEf"
KEY = {"pk": {"S": "a"}}


class Sent(Exception):  # noqa: N818 (the way out of boto3)
    """A request, at the moment when boto3 would send it."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        self.request = request


def take(request: AWSPreparedRequest, **_: object) -> None:
    raise Sent(request)


@cache
def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="Caller", aws_secret_access_key="local", region_name="us-east-1")


@cache
def client(service: Any, path: str) -> Any:
    """A client of the function `Caller` that sends nothing; made once, because reading its model takes long."""
    config = Config(retries={"total_max_attempts": 1})
    made = session().client(service, endpoint_url=f"http://127.0.0.1:1{path}", config=config)
    made.meta.events.register("before-send", take)
    return made


def asked(service: str, operation: str, path: str = "", **parameters: Any) -> Request:
    """The request that boto3 makes for a call of the function `Caller`."""
    with pytest.raises(Sent) as sent:
        getattr(client(service, path), operation)(**parameters)
    request, url = sent.value.request, urlsplit(sent.value.request.url)
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
    body = request.body if isinstance(request.body, bytes) else b""
    return Request(
        method=request.method,
        path=url.path,
        query=dict(parse_qsl(url.query, keep_blank_values=True)),
        authorization=headers["Authorization"],
        target=headers.get("X-Amz-Target", ""),
        body=body,
    )


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:123456789012:{resource}"


STREAM = arn("dynamodb", "table/t/stream/2026-11-24T00:00:00.000")
CALLS = [
    ("dynamodb", "get_item", {"TableName": "t", "Key": KEY}, [("dynamodb:GetItem", arn("dynamodb", "table/t"))]),
    (
        "dynamodb",
        "query",
        {"TableName": "t", "IndexName": "by_name", "KeyConditionExpression": "pk = :a"},
        [("dynamodb:Query", arn("dynamodb", "table/t/index/by_name"))],
    ),
    (
        "dynamodb",
        "batch_get_item",
        {"RequestItems": {"t": {"Keys": [KEY]}, "u": {"Keys": [KEY]}}},
        [
            ("dynamodb:BatchGetItem", arn("dynamodb", "table/t")),
            ("dynamodb:BatchGetItem", arn("dynamodb", "table/u")),
        ],
    ),
    (
        "dynamodb",
        "transact_write_items",
        {
            "TransactItems": [
                {"Put": {"TableName": "t", "Item": KEY}},
                {"Update": {"TableName": "t", "Key": KEY, "UpdateExpression": "REMOVE a"}},
                {"Delete": {"TableName": "t", "Key": KEY}},
                {"ConditionCheck": {"TableName": "u", "Key": KEY, "ConditionExpression": "attribute_exists(pk)"}},
            ]
        },
        [
            ("dynamodb:PutItem", arn("dynamodb", "table/t")),
            ("dynamodb:UpdateItem", arn("dynamodb", "table/t")),
            ("dynamodb:DeleteItem", arn("dynamodb", "table/t")),
            ("dynamodb:ConditionCheckItem", arn("dynamodb", "table/u")),
        ],
    ),
    (
        "dynamodbstreams",
        "get_shard_iterator",
        {"StreamArn": STREAM, "ShardId": f"shardId-{'0' * 20}-1", "ShardIteratorType": "TRIM_HORIZON"},
        [("dynamodb:GetShardIterator", STREAM)],
    ),
    (
        "dynamodbstreams",
        "get_records",
        {"ShardIterator": f"000|{STREAM}|shardId-1|000"},
        [("dynamodb:GetRecords", STREAM)],
    ),
    (
        "sqs",
        "send_message_batch",
        {"QueueUrl": "http://127.0.0.1:1/123456789012/q", "Entries": [{"Id": "1", "MessageBody": "a"}]},
        [("sqs:SendMessage", arn("sqs", "q"))],
    ),
    ("secretsmanager", "get_secret_value", {"SecretId": SECRET}, [("secretsmanager:GetSecretValue", SECRET)]),
    ("kms", "get_public_key", {"KeyId": "k-1"}, [("kms:GetPublicKey", arn("kms", "key/k-1"))]),
    (
        "kms",
        "sign",
        {"KeyId": "k-1", "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"},
        [("kms:Sign", arn("kms", "key/k-1"))],
    ),
    ("s3", "get_object", {"Bucket": "b", "Key": "a/b c"}, [("s3:GetObject", "arn:aws:s3:::b/a/b c")]),
    ("s3", "put_object", {"Bucket": "b", "Key": "a", "Body": b"x"}, [("s3:PutObject", "arn:aws:s3:::b/a")]),
]


@pytest.mark.parametrize(("service", "operation", "parameters", "accesses"), CALLS)
def test_a_call_needs_each_action_on_each_resource_that_it_touches(
    service: str, operation: str, parameters: dict[str, Any], accesses: list[tuple[str, str]]
) -> None:
    call = parse_call(asked(service, operation, **parameters), "socketapi")
    assert (call.caller, call.service) == ("Caller", service.removesuffix("streams"))
    assert list(call.accesses) == [Access(*access) for access in accesses]


def test_sending_to_a_connection_needs_the_connection_of_this_stage() -> None:
    sent = asked("apigatewaymanagementapi", "post_to_connection", "/live", ConnectionId="ab=", Data=b"hello")
    call = parse_call(sent, "socketapi")
    resource = arn("execute-api", "socketapi/live/POST/@connections/ab%3D")
    assert list(call.accesses) == [Access("execute-api:ManageConnections", resource)]


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("dynamodb", "list_tables", {}),
        ("dynamodb", "delete_table", {"TableName": "t"}),
        ("dynamodb", "execute_statement", {"Statement": "SELECT * FROM t"}),
        ("dynamodbstreams", "list_streams", {}),
        ("dynamodbstreams", "get_records", {"ShardIterator": "of no known stream"}),
        ("sqs", "purge_queue", {"QueueUrl": "http://127.0.0.1:1/123456789012/q"}),
        ("secretsmanager", "list_secrets", {}),
        ("kms", "schedule_key_deletion", {"KeyId": "k-1"}),
        ("s3", "list_objects_v2", {"Bucket": "b"}),
        ("s3", "get_object_tagging", {"Bucket": "b", "Key": "a"}),
        ("lambda", "list_functions", {}),
    ],
)
def test_an_operation_that_is_not_known_is_refused(service: str, operation: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(UnknownCallError):
        parse_call(asked(service, operation, **parameters), "socketapi")


def test_a_request_that_is_not_signed_is_refused() -> None:
    with pytest.raises(UnknownCallError, match="not signed"):
        parse_call(Request("POST", "/", {}, "", "DynamoDB_20120810.GetItem", b"{}"), "socketapi")
