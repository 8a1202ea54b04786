"""Parts of docs/openapi.json that everything made from it reads."""

from collections.abc import Mapping
from typing import Any

type Schema = Mapping[str, Any]


def success_of(operation: Schema) -> Any:
    """The response of an operation that has succeeded."""
    return next(one for status, one in operation["responses"].items() if status.startswith("2"))


def json_of(part: Schema) -> Any:
    """The schema of the JSON in a body or a response; None without JSON."""
    return part.get("content", {}).get("application/json", {}).get("schema")


def body_of(operation: Schema) -> Any:
    """The schema of what an operation is sent; None where nothing is."""
    return json_of(operation.get("requestBody", {}))


def referred_name(schema: Schema) -> str:
    """The name of the schema that another refers to; empty where it refers to none."""
    return str(schema.get("$ref", "")).rpartition("/")[2]
