"""Handlers that note every event which they get and then do what the test wants."""

import json
import os
import time
from pathlib import Path
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

type Event = dict[str, Any]

ANSWER_BYTES_MAX = 6 * 1024 * 1024 + 100


def note(event: Event, context: LambdaContext) -> None:
    file = Path(os.environ["NOTES_FOLDER"]) / f"{context.function_name}.jsonl"
    with file.open("a") as notes:
        notes.write(json.dumps(event) + "\n")


def handler(event: Event, context: LambdaContext) -> object:
    note(event, context)
    match event.get("pathParameters", {}).get("action"):
        case "return-a-list":
            return [1, 2]
        case "fail":
            raise RuntimeError("as asked")
        case "exit":
            os._exit(3)
        case "sleep":
            time.sleep(60)
        case "large":
            return {"statusCode": 200, "body": "x" * ANSWER_BYTES_MAX}
        case "malformed":
            return {"statusCode": "no number"}
        case "binary":
            return {"statusCode": 200, "isBase64Encoded": True, "body": "AAEC", "headers": {"content-type": "x/y"}}
    return {"statusCode": 201, "cookies": ["a=1", "b=2"], "headers": {"X-Probe": "yes"}, "body": json.dumps(event)}


def authorize(event: Event, context: LambdaContext) -> Event:
    note(event, context)
    is_known = event["headers"]["authorization"] == "Bearer known"
    return {"isAuthorized": is_known, "context": {"address": "0x01"}}


def sleep(event: Event, _: LambdaContext) -> str:
    time.sleep(event["seconds"])
    return "slept"


def take_jobs(event: Event, context: LambdaContext) -> Event:
    note(event, context)
    failed = [
        record["messageId"]
        for record in event["Records"]
        if record["body"] == "fails always"
        or (record["body"] == "fails once" and record["attributes"]["ApproximateReceiveCount"] == "1")
    ]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def take_items(event: Event, context: LambdaContext) -> Event:
    note(event, context)
    changes = [record["dynamodb"] for record in event["Records"]]
    failed = [change["SequenceNumber"] for change in changes if change["Keys"]["pk"]["S"] == "never taken"]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}


def talk(event: Event, context: LambdaContext) -> Event:
    note(event, context)
    if event.get("body") == "fail":
        raise RuntimeError("as asked")
    refused = (event.get("queryStringParameters") or {}).get("ticket") == "used"
    return {"statusCode": 401, "headers": {"Retry-After": "60"}} if refused else {"statusCode": 200}


def call_aws(event: Event, _: LambdaContext) -> Event:
    """Make one call of AWS; gives `ok` and what DynamoDB or SQS left out, or the error's code and message."""
    endpoint = os.environ["SOCKETS_URL"] if event["service"] == "apigatewaymanagementapi" else None
    client: Any = boto3.client(event["service"], endpoint_url=endpoint)
    try:
        answer = getattr(client, event["operation"])(**event["parameters"])
    except ClientError as error:
        return {"code": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}
    unprocessed = [part["Keys"] for part in answer.get("UnprocessedKeys", {}).values()]
    return {"code": "ok", "unprocessed": unprocessed, "failed": [entry["Id"] for entry in answer.get("Failed", [])]}
