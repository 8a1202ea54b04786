"""What AWS hands to the functions of the main job."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from boto3.dynamodb.types import TypeSerializer

from tests.fakes.accounts import ALICE
from tests.support.stream_records import base64_text
from tests.unit.template.litellm_stand_in import Event

BEGIN: Final = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def http(handle: Any, method: str, path: str, body: object = None, request: str = "request-1") -> Any:
    event = http_event(method, path, body)
    event["headers"]["idempotency-key"] = request
    answer = handle(event)
    return json.loads(answer["body"]) if answer.get("body") else {}


def http_event(method: str, path: str, body: object = None) -> Event:
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeKey": f"{method} {path}",
        "routeArn": "arn:aws:execute-api:us-east-1:123456789012:api/$default/GET/",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"idempotency-key": "request-1"},
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {
            "requestId": "request-1",
            "routeKey": f"{method} {path}",
            "stage": "$default",
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.1"},
            "authorizer": {"lambda": {"address": ALICE, "session_id": "another"}},
        },
    }


def websocket_event(route: str, connection: str, *, ticket: str = "", body: object = None) -> Event:
    return {
        "requestContext": {
            "routeKey": route,
            "connectionId": connection,
            "eventType": "MESSAGE",
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "queryStringParameters": {"ticket": ticket},
        "body": json.dumps(body),
    }


def tick(at: datetime) -> Event:
    return {"source": "aws.events", "time": at.isoformat()}


def queue_event(body: Mapping[str, object]) -> Event:
    record = {"messageId": "m-1", "receiptHandle": "r-1", "body": json.dumps(body), "eventSource": "aws:sqs"}
    return {"Records": [record | {"attributes": {}, "messageAttributes": {}, "awsRegion": "us-east-1"}]}


def stream_record(number: int, item: Mapping[str, Any]) -> Event:
    serialize = TypeSerializer().serialize
    image = json.loads(json.dumps({name: serialize(item[name]) for name in item}, default=base64_text))
    return {
        "eventID": f"event-{number}",
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "ApproximateCreationDateTime": BEGIN.timestamp(),
            "Keys": {"pk": image["pk"], "sk": image["sk"]},
            "NewImage": image,
            "SequenceNumber": str(number),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }
