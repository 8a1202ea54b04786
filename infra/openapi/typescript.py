"""frontend/api/operations.ts: TypeScript types of every schema and every operation of docs/openapi.json."""

import json
import re
import textwrap
from collections.abc import Iterator
from typing import Final

from infra.openapi.reading import Schema, body_of, json_of, referred_name, success_of
from infra.paths import ROOT

FILE: Final = ROOT / "frontend" / "api" / "operations.ts"
WIDTH: Final = 116
SIMPLE: Final = {
    "integer": "number",
    "number": "number",
    "string": "string",
    "boolean": "boolean",
    "null": "null",
}
HEAD: Final = "// Made from docs/openapi.json by `make openapi`.\n"


def render(document: Schema) -> str:
    """The whole module: a type for each schema, and `Operations` by method and path."""
    schemas = document["components"]["schemas"]
    declared = [_declared(name, schemas[name]) for name in sorted(schemas)]
    return "\n".join([HEAD, *declared, _operations(document["paths"])])


def _declared(name: str, schema: Schema) -> str:
    return f"{_comment(schema, '')}export type {name} = {_type(schema, '')};\n"


def _operations(paths: Schema) -> str:
    lines = [
        "/** What each operation takes and answers with, by its method and path. */",
        "export interface Operations {",
    ]
    for path, operations in paths.items():
        for method, operation in operations.items():
            lines += [f"  /** {operation['summary']} */", f'  readonly "{method.upper()} {path}": {{']
            lines += [f"    readonly {name}: {type_};" for name, type_ in _parts(operation).items()]
            lines += ["  };"]
    return "\n".join([*lines, "}", ""])


def _parts(operation: Schema) -> dict[str, str]:
    body, answer = body_of(operation), success_of(operation)
    content = json_of(answer) or {"type": "string"}
    return {
        **{place: _parameters(operation, place) for place in ("path", "query", "header")},
        "body": "undefined" if body is None else _type(body, "    "),
        "answer": _type(content, "    ") if "content" in answer else "undefined",
    }


def _parameters(operation: Schema, place: str) -> str:
    found = [one for one in operation.get("parameters", ()) if one["in"] == place]
    fields = [
        f"readonly {_key(one['name'])}{'' if one['required'] else '?'}: {_type(one['schema'], '')}" for one in found
    ]
    return f"{{ {'; '.join(fields)} }}" if fields else "object"


def _type(schema: Schema, indent: str) -> str:
    """The TypeScript type of a schema. Raises KeyError for a form that the document does not have."""
    if "$ref" in schema:
        return referred_name(schema)
    choices = _choices(schema, indent)
    if choices is not None:
        return " | ".join(choices)
    kinds = {"array": _array, "object": _object}
    return kinds[schema["type"]](schema, indent) if schema["type"] in kinds else SIMPLE[schema["type"]]


def _choices(schema: Schema, indent: str) -> list[str] | None:
    """The types or values of which it is one; None for any other schema."""
    if "const" in schema or "enum" in schema:
        return [json.dumps(one) for one in schema.get("enum", [schema.get("const")])]
    if "anyOf" in schema:
        return list(dict.fromkeys(_type(one, indent) for one in schema["anyOf"]))
    return [SIMPLE[one] for one in schema["type"]] if isinstance(schema["type"], list) else None


def _array(schema: Schema, indent: str) -> str:
    if "prefixItems" in schema:
        return f"readonly [{', '.join(_type(item, indent) for item in schema['prefixItems'])}]"
    inner = _type(schema["items"], indent)
    return f"readonly ({inner})[]" if " " in inner else f"readonly {inner}[]"


def _object(schema: Schema, indent: str) -> str:
    """Of an object that is answered all fields are there; of one that is sent, those without a default."""
    if schema.get("additionalProperties") is True:
        return "Readonly<Record<string, unknown>>"
    if "additionalProperties" in schema and "properties" not in schema:
        return f"Readonly<Record<string, {_type(schema['additionalProperties'], indent)}>>"
    required, inner = schema.get("required", ()), indent + "  "
    fields = [
        f"{inner}readonly {_key(name)}{'' if name in required else '?'}: {_type(field, inner)};\n"
        for name, field in schema.get("properties", {}).items()
    ]
    return f"{{\n{''.join(fields)}{indent}}}"


def _key(name: str) -> str:
    return name if re.fullmatch(r"\w+", name) else json.dumps(name)


def _comment(schema: Schema, indent: str) -> str:
    return "".join(_comment_lines(str(schema.get("description", "")), indent))


def _comment_lines(description: str, indent: str) -> Iterator[str]:
    lines = [line for part in description.splitlines() for line in textwrap.wrap(part, WIDTH) or [""]]
    if lines:
        yield f"{indent}/**\n"
        yield from (f"{indent} * {line}".rstrip() + "\n" for line in lines)
        yield f"{indent} */\n"
