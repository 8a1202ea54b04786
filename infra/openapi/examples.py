"""Examples made from schemas, so that they never contradict them."""

from collections.abc import Mapping
from typing import Any, Final

from infra.openapi.reading import Schema, referred_name

DEPTH_MAX: Final = 20


def example_of(schema: Schema, schemas: Mapping[str, Schema], depth: int = 0) -> Any:
    """A value that fits the schema: its own example, its only value, its default, or one made of its parts.

    Of alternatives the first one. Raises ValueError for a schema that has none of these, or contains itself.
    """
    if depth > DEPTH_MAX:
        raise ValueError("a schema contains itself")
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema:
        return example_of(schemas[referred_name(schema)], schemas, depth + 1)
    if "const" in schema or "enum" in schema:
        return schema.get("const", (schema.get("enum") or [None])[0])
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas, depth + 1)
    return _of_type(schema, schemas, depth)


def _of_type(schema: Schema, schemas: Mapping[str, Schema], depth: int) -> Any:
    match schema.get("type"):
        case "object":
            parts = schema.get("properties", {})
            return {name: example_of(part, schemas, depth + 1) for name, part in parts.items()}
        case "array":
            parts = schema.get("prefixItems") or [schema["items"]]
            return [example_of(part, schemas, depth + 1) for part in parts]
        case "boolean":
            return schema.get("default", False)
        case "null":
            return None
        case _ if "default" in schema:
            return schema["default"]
    raise ValueError(f"no example can be made for {schema}")
