"""Records of DynamoDB streams."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any, Final

from boto3.dynamodb.types import TypeSerializer

from flareflow.adapters.dynamodb.keys import Item
from flareflow.adapters.dynamodb.stream_records import Record

EVENT_ID: Final = "e1"
NUMBER: Final = 111_000_000_000_000_000_001
WRITTEN_AT: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)


def stream_record(new: Item | None, old: Item | None = None) -> Record:
    """The record of a change from `old` to `new`, as DynamoDB sends it; None where there was no item."""
    some = new or old or {}
    images = {
        "Keys": {"pk": some["pk"], "sk": some["sk"]},
        **({"NewImage": new} if new else {}),
        **({"OldImage": old} if old else {}),
    }
    body: dict[str, Any] = {name: TypeSerializer().serialize(image)["M"] for name, image in images.items()}
    body |= {"ApproximateCreationDateTime": WRITTEN_AT.timestamp(), "SequenceNumber": str(NUMBER)}
    event: Record = json.loads(json.dumps({"eventID": EVENT_ID, "dynamodb": body}, default=base64_text))
    return event


def base64_text(binary: Any) -> str:
    """Binary as it is in the JSON of an event."""
    return b64encode(bytes(binary)).decode()
