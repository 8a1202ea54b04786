"""verify/flareflow_verify/sources/api.py: models and a method for each operation of the API that the command uses.

Answers are read leniently where they may grow: fields that are new are passed over, and the values of an enumeration
are text. What is sent is typed as the document has it.
"""

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.openapi.reading import Schema, body_of, json_of, referred_name, success_of
from infra.paths import ROOT

FILE: Final = ROOT / "verify" / "flareflow_verify" / "sources" / "api.py"
OPERATIONS: Final = (
    "GET /v1/deployment",
    "GET /v1/subscriptions",
    "GET /v1/subscriptions/{subscription_id}",
    "GET /v1/subscriptions/{subscription_id}/keys",
    "GET /v1/subscriptions/{subscription_id}/usage",
    "POST /v1/keys",
    "POST /v1/keys/{key_hash}/rotations",
    "DELETE /v1/keys/{key_hash}",
    "POST /v1/websocket-tickets",
)
"""What the command asks the API for."""
WIDTH: Final = 120
DIGITS: Final = re.compile(r"\^(-\?)?\[0-9\]\{1,\d+\}\$")
KEYWORDS: Final = {"from": "from_"}
HEAD: Final = '''\
"""The HTTP API as `docs/openapi.json` describes it, as far as the command uses it. Made by `make openapi`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flareflow_verify.bundle import Count, Integer, Name
from flareflow_verify.sources.service import Items, Named, Parts, Service, segment
'''
CLIENT: Final = '''\
@dataclass(frozen=True, slots=True)
class Api:
    """The operations. Each raises SourceError without a usable answer."""

    service: Service
'''


def render(document: Schema) -> str:
    """The whole module: a model for each schema that the operations reach, and `Api` with a method for each."""
    writer = _Writer(document["components"]["schemas"])
    methods = [writer.method(one, document["paths"]) for one in OPERATIONS]
    return "\n\n".join([HEAD, *writer.models.values(), "\n".join([CLIENT, *methods])])


class _Writer:
    """Writes methods, and the models that they need in an order in which each knows those that it refers to."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self.schemas = schemas
        self.models: dict[str, str] = {}

    def method(self, named: str, paths: Mapping[str, Any]) -> str:
        """The method for an operation, which is named by its verb and path."""
        verb, path = named.split(" ")
        operation = paths[path][verb.lower()]
        given = [_Parameter(one, self._type(one["schema"], is_sent=True)) for one in operation.get("parameters", ())]
        inner = [one for one in given if one.place == "path"]
        query = [one for one in given if one.place == "query" and one.name != "cursor"]
        body = body_of(operation)
        signature = ["self", *(f"{one.python}: {one.type}" for one in inner)]
        signature += [f"body: {self._type(body, is_sent=True)}"] if body else []
        signature += ["*", *(f"{one.python}: {one.type} | None = None" for one in query)] if query else []
        answer, call = self._answer(verb, operation)
        arguments = [*([answer] if answer else []), _address(path)]
        arguments += ["body"] if body else []
        arguments += [f"{{{', '.join(f'"{one.name}": {one.python}' for one in query)}}}"] if query else []
        returned = {"all": f"Iterator[{answer}]", "delete": "None"}.get(call, answer)
        called = f"        {'' if call == 'delete' else 'return '}self.service.{call}"
        lines = [
            *_definition(operation["operationId"], signature, returned),
            *_docstring(operation["summary"], "        "),
            *_call(called, ", ".join(arguments)),
        ]
        return "\n".join([*lines, ""])

    def _answer(self, verb: str, operation: Schema) -> tuple[str, str]:
        """What comes back, none from `delete`, and the method of the service: `all` for a list that comes in parts."""
        success = success_of(operation)
        if "content" not in success:
            return "", "delete"
        schema = json_of(success)
        parts = self.schemas[referred_name(schema)].get("properties", {})
        if set(parts) == {"items", "next_cursor"}:
            return self._type(parts["items"]["items"]), "all"
        return self._type(schema), verb.lower()

    def _type(self, schema: Schema, *, is_sent: bool = False) -> str:
        """The Python type of a schema. Raises KeyError for a form that the document does not have."""
        if "$ref" in schema:
            return self._referred(referred_name(schema), is_sent)
        if "anyOf" in schema:
            types = dict.fromkeys(self._type(one, is_sent=is_sent) for one in schema["anyOf"])
            return " | ".join(one for one in types if one != "int" or "Count" not in types)
        simple = {"boolean": "bool", "integer": "int", "null": "None"}
        kinds = {"array": self._array, "object": self._mapping, "string": _text}
        kind = schema["type"]
        return simple[kind] if kind in simple else kinds[kind](schema, is_sent)

    def _referred(self, name: str, is_sent: bool) -> str:
        schema = self.schemas[name]
        if "enum" in schema:
            values = ", ".join(f'"{value}"' for value in schema["enum"])
            return f"Literal[{values}]" if is_sent else "Name"
        if name not in self.models:
            text = "".join(self._model(name, schema, is_sent))
            self.models[name] = text  # after those that it refers to
        return name

    def _model(self, name: str, schema: Schema, is_sent: bool) -> Iterator[str]:
        yield f"class {name}(Parts):\n"
        if "description" in schema:
            yield "\n".join(_docstring(schema["description"], "    ")) + "\n\n"
        required = schema.get("required", ())
        for field, inner in schema["properties"].items():
            default = "" if field in required else f" = {_default(inner)}"
            yield f"    {field}: {self._type(inner, is_sent=is_sent)}{default}\n"

    def _array(self, schema: Schema, is_sent: bool) -> str:
        if "prefixItems" in schema:
            return f"tuple[{', '.join(self._type(one, is_sent=is_sent) for one in schema['prefixItems'])}]"
        return f"Items[{self._type(schema['items'], is_sent=is_sent)}]"

    def _mapping(self, schema: Schema, is_sent: bool) -> str:
        return f"Named[{self._type(schema['additionalProperties'], is_sent=is_sent)}]"


class _Parameter:
    """A parameter of a path or query: its name in Python, and the type of what a caller gives."""

    def __init__(self, given: Schema, type_: str) -> None:
        self.name, self.place = given["name"], given["in"]
        self.python = KEYWORDS.get(self.name, self.name)
        self.type = {"Count": "int", "Name": "str", "datetime": "str"}.get(type_, type_)


def _text(schema: Schema, _: bool) -> str:
    digits = DIGITS.fullmatch(schema.get("pattern", ""))
    if digits:
        return "Integer" if digits[1] else "Count"
    return "datetime" if schema.get("format") == "date-time" else "Name"


def _default(schema: Schema) -> str:
    return {"[]": "()", "''": '""'}.get(repr(schema.get("default")), repr(schema.get("default")))


def _address(path: str) -> str:
    return f'{"f" if "{" in path else ""}"{re.sub(r"\{(\w+)\}", r"{segment(\1)}", path)}"'


def _definition(name: str, signature: list[str], returned: str) -> list[str]:
    line = f"    def {name}({', '.join(signature)}) -> {returned}:"
    if len(line) <= WIDTH:
        return [line]
    return [f"    def {name}(", *(f"        {one}," for one in signature), f"    ) -> {returned}:"]


def _call(called: str, arguments: str) -> list[str]:
    line = f"{called}({arguments})"
    return [line] if len(line) <= WIDTH else [f"{called}(", f"            {arguments}", "        )"]


def _docstring(text: str, indent: str) -> list[str]:
    """The text as a docstring, each of its paragraphs filled anew."""
    paragraphs = [textwrap.wrap(one, WIDTH - len(indent) - 3) for one in text.split("\n\n")]
    lines = [line for one in paragraphs for line in ("", *one)][1:]
    if len(lines) == 1 and len(lines[0]) <= WIDTH - len(indent) - 6:
        return [f'{indent}"""{lines[0]}"""']
    return [f'{indent}"""{lines[0]}', *(f"{indent}{line}".rstrip() for line in lines[1:]), f'{indent}"""']
