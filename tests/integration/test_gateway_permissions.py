"""What a function may do in AWS, as its policies allow it, and who may ask it where IAM decides."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import APIGatewayProxyEventV2Model
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from infra.local.aws import session as aws
from infra.local.ports import url
from tests.support.eventually import WAIT_SECONDS_MAX
from tests.support.gateway import Gateway

pytestmark = pytest.mark.stack

KEY = {"pk": {"S": "permissions"}}
ITEM = KEY | {"colour": {"S": "red"}}
"""The stream function takes it like any other item."""

ALLOWED = [
    ("dynamodb", "put_item", {"TableName": "{Items}", "Item": ITEM}),
    ("dynamodb", "get_item", {"TableName": "{Items}", "Key": KEY}),
    ("dynamodb", "batch_get_item", {"RequestItems": {"{Items}": {"Keys": [KEY]}}}),
    (
        "dynamodb",
        "query",
        {
            "TableName": "{Items}",
            "IndexName": "by_colour",
            "KeyConditionExpression": "colour = :red",
            "ExpressionAttributeValues": {":red": {"S": "red"}},
        },
    ),
    (
        "dynamodb",
        "transact_write_items",
        {
            "TransactItems": [
                {"Put": {"TableName": "{Items}", "Item": ITEM}},
                {
                    "ConditionCheck": {
                        "TableName": "{Items}",
                        "Key": {"pk": {"S": "missing"}},
                        "ConditionExpression": "attribute_not_exists(pk)",
                    }
                },
            ]
        },
    ),
    ("s3", "put_object", {"Bucket": "{Documents}", "Key": "a/b", "Body": "text", "IfNoneMatch": "*"}),
    ("s3", "get_object", {"Bucket": "{Documents}", "Key": "a/b"}),
    ("sqs", "send_message", {"QueueUrl": "{Mail}", "MessageBody": "a"}),
    ("sqs", "send_message_batch", {"QueueUrl": "{Mail}", "Entries": [{"Id": "1", "MessageBody": "a"}]}),
    ("secretsmanager", "get_secret_value", {"SecretId": "{Secret}"}),
    ("kms", "get_public_key", {"KeyId": "{Key}"}),
    ("kms", "sign", {"KeyId": "{Key}", "Message": "m", "SigningAlgorithm": "ECDSA_SHA_256"}),
]
NEVER_ALLOWED = [
    ("dynamodb", "delete_item", {"TableName": "{Items}", "Key": KEY}),
    ("dynamodb", "transact_write_items", {"TransactItems": [{"Delete": {"TableName": "{Items}", "Key": KEY}}]}),
    ("dynamodb", "put_item", {"TableName": "flareflow-other", "Item": KEY}),
    ("dynamodb", "list_tables", {}),
    ("s3", "delete_object", {"Bucket": "{Documents}", "Key": "a/b"}),
    ("sqs", "send_message", {"QueueUrl": "{Jobs}", "MessageBody": "a"}),
    ("sqs", "receive_message", {"QueueUrl": "{Mail}"}),
    ("kms", "get_public_key", {"KeyId": "another-key"}),
]


def called(gateway: Gateway, function: str, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
    """What came of a call by a function; `{Items}` and the like stand for what the resource became."""
    named = json.dumps(parameters)
    for resource in ("Items", "Documents", "Mail", "Jobs", "Secret", "Key"):
        named = named.replace(f"{{{resource}}}", gateway.deployment.physical(resource).ref)
    event = {"service": service, "operation": operation, "parameters": json.loads(named)}
    client = gateway.client("lambda", "gateway_lambda")
    answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
    return json.load(answer["Payload"])


@pytest.mark.parametrize(("service", "operation", "parameters"), ALLOWED)
def test_a_call_that_the_policies_allow_is_made_and_refused_without_them(
    gateway: Gateway, service: str, operation: str, parameters: Mapping[str, Any]
) -> None:
    allowed = called(gateway, "AllowedFunction", service, operation, parameters)
    refused = called(gateway, "BareFunction", service, operation, parameters)
    # an object that is there already says so, which only the allowed may know
    assert allowed["code"] in {"ok", "PreconditionFailed"}
    assert refused["code"] in {"AccessDeniedException", "AccessDenied"}


@pytest.mark.parametrize(("service", "operation", "parameters"), NEVER_ALLOWED)
def test_a_call_beyond_the_policies_is_refused(
    gateway: Gateway, service: str, operation: str, parameters: Mapping[str, Any]
) -> None:
    refused = called(gateway, "AllowedFunction", service, operation, parameters)
    assert refused["code"] in {"AccessDeniedException", "AccessDenied"}


def test_a_batch_of_several_keys_is_never_read_at_once(gateway: Gateway) -> None:
    """DynamoDB may leave out keys of any batch, and whoever ignores that loses items."""
    keys = [{"pk": {"S": "one"}}, {"pk": {"S": "other"}}]
    asked = {"RequestItems": {"{Items}": {"Keys": keys}}}
    assert called(gateway, "AllowedFunction", "dynamodb", "batch_get_item", asked)["unprocessed"] == [keys[1:]]
    asked = {"RequestItems": {"{Items}": {"Keys": keys[1:]}}}
    assert called(gateway, "AllowedFunction", "dynamodb", "batch_get_item", asked)["unprocessed"] == []


def test_a_refusal_names_the_caller_the_action_and_the_resource(gateway: Gateway) -> None:
    refused = called(gateway, "AllowedFunction", "dynamodb", "delete_item", {"TableName": "{Items}", "Key": KEY})
    assert refused["message"] == (
        "User: arn:aws:sts::123456789012:assumed-role/AllowedFunctionRole/AllowedFunction is not authorized to "
        "perform: dynamodb:DeleteItem on resource: arn:aws:dynamodb:us-east-1:123456789012:table/flareflow-items "
        "because no identity-based policy allows the dynamodb:DeleteItem action"
    )


def test_a_missing_object_is_denied_to_who_may_not_list_its_bucket(gateway: Gateway) -> None:
    missing = {"Bucket": "{Documents}", "Key": "nothing"}
    assert called(gateway, "AllowedFunction", "s3", "get_object", missing)["code"] == "AccessDenied"


@pytest.mark.parametrize(("function", "code"), [("AllowedFunction", "ok"), ("BareFunction", "AccessDeniedException")])
def test_only_a_function_that_may_manage_connections_sends_to_them(gateway: Gateway, function: str, code: str) -> None:
    # Given an open connection
    with gateway.connected() as (socket, connection_id):
        # When a function sends to it
        parameters = {"ConnectionId": connection_id, "Data": "hello"}
        sent = called(gateway, function, "apigatewaymanagementapi", "post_to_connection", parameters)
        # Then it arrives if the function may
        assert sent["code"] == code
        if code == "ok":
            assert socket.recv(WAIT_SECONDS_MAX) == "hello"


def test_a_route_of_iam_takes_signed_requests_only(gateway: Gateway) -> None:
    # Given a request to a route with the authorizer of IAM, with a path and a query that have to be encoded
    address, body = f"{url('gateway_http')}/operate/a%20b?x=1&y=%2F", b'{"q": 1}'
    # When it comes unsigned, with a session's token, or signed
    unsigned = gateway.http.post(address, content=body)
    of_session = gateway.http.post(address, content=body, headers={"authorization": "Bearer known"})
    request = AWSRequest("POST", address, {"content-type": "application/json"}, body)
    credentials = Credentials(aws.ACCESS_KEY_ID, aws.SECRET_ACCESS_KEY)
    SigV4Auth(credentials, "execute-api", aws.REGION).add_auth(request)
    signed = gateway.http.post(address, content=body, headers=dict(request.headers.items()))
    changed = gateway.http.post(address, content=b'{"q": 2}', headers=dict(request.headers.items()))
    # Then the signed one alone reaches the function, which is told who has signed it
    refused = [(one.status_code, one.json()) for one in (unsigned, of_session, changed)]
    assert refused == [(403, {"message": "Forbidden"})] * 3
    assert signed.status_code == 201
    event = signed.json()
    APIGatewayProxyEventV2Model.model_validate(event)
    assert event["requestContext"]["authorizer"]["iam"]["userArn"] == "arn:aws:iam::123456789012:user/local"
