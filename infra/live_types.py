"""Writes `frontend/live/messages.ts` from `docs/live.schema.json`; run it as `python -m infra.live_types`."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.live_schema import PAGE as SCHEMA
from infra.paths import ROOT

PAGE: Final = ROOT / "frontend" / "live" / "messages.ts"
WIDTH: Final = 116
HEAD: Final = "// Made from docs/live.schema.json by `python -m infra.live_types`.\n"


def render() -> str:
    """The whole module: a type for each definition of the schema, and `Frame`."""
    schema = json.loads(SCHEMA.read_text())
    frame = {name: part for name, part in schema.items() if name != "$defs"}
    definitions = {**schema["$defs"], "Frame": frame}
    return "\n".join([HEAD, *(_declared(name, definitions[name]) for name in sorted(definitions))])


def _declared(name: str, schema: Mapping[str, Any]) -> str:
    comment = "".join(_comment(schema.get("description", "")))
    if schema.get("type") == "object":
        fields = "".join(f"  readonly {field}: {_type(of)};\n" for field, of in schema["properties"].items())
        return f"{comment}export interface {name} {{\n{fields}}}\n"
    return f"{comment}export type {name} = {_type(schema)};\n"


def _comment(description: str) -> Iterator[str]:
    lines = [line for part in description.splitlines() for line in textwrap.wrap(part, WIDTH) or [""]]
    if lines:
        yield "/**\n"
        yield from (f" * {line}".rstrip() + "\n" for line in lines)
        yield " */\n"


def _type(schema: Mapping[str, Any]) -> str:
    """The TypeScript type of a schema. Raises ValueError for a form that the schema of live messages does not have."""
    match schema:
        case {"$ref": str(reference)}:
            return reference.rpartition("/")[2]
        case {"const": str(constant)}:
            return json.dumps(constant)
        case {"enum": list(constants)}:
            return " | ".join(map(json.dumps, constants))
        case {"anyOf": list(choices)} | {"oneOf": list(choices)}:
            return " | ".join(map(_type, choices))
        case {"type": "array", "items": items}:
            return f"readonly {_type(items)}[]"
        case {"type": "string"} | {"type": "null"}:
            return str(schema["type"])
    raise ValueError(f"no TypeScript type for {schema}")


if __name__ == "__main__":
    PAGE.write_text(render())
