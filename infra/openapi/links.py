"""The links of docs/openapi.json: which operations take the names that an answer has, and how a list goes on."""

from collections.abc import Mapping
from http import HTTPMethod
from typing import Any, Final

from infra.openapi.reading import body_of, json_of, referred_name, success_of

DEPTH_MAX: Final = 2
"""Objects inside one another in which a name is looked for."""
ID: Final = "_id"
CONSOLE: Final = "console"
"""The tag of routes of the operators' page, whose accounts sign in like all others."""

type Json = dict[str, Any]


def linked(paths: Json, schemas: Mapping[str, Any]) -> Json:
    """The paths with the links of each answer of `GET` and `POST`.

    An answer links to an operation whose path needs a name that the answer has and that the caller did not give. All
    other names of that path must be in the path that was asked for. A list links to its own next part.
    """
    operations = [(method, one) for methods in paths.values() for method, one in methods.items()]
    for method, source in operations:
        if method.upper() in {HTTPMethod.GET, HTTPMethod.POST}:
            answer = _Answer(source, schemas)
            links = {one["operationId"]: link for _, one in operations if (link := answer.link(one)) is not None}
            if links:
                answer.response["links"] = links
    return paths


class _Answer:
    """The successful answer of an operation, and what its caller gave."""

    def __init__(self, operation: Json, schemas: Mapping[str, Any]) -> None:
        self.operation, self.schemas = operation, schemas
        self.response = success_of(operation)
        self.schema = json_of(self.response) or {}
        self.sent = set(self._resolved(body_of(operation) or {}).get("properties", {}))
        self.path = _names(operation, "path")

    def link(self, target: Json) -> Json | None:
        """How to ask for the target with what the answer has; None where it has nothing for it."""
        if target is self.operation:
            return self._next_part()
        if not _may_ask(self.operation, target):
            return None
        needed = _names(target, "path")
        found = {name: pointer for name in needed - self.path - self.sent if (pointer := self._found(name))}
        if not found or needed - self.path != set(found):
            return None
        given = {name: f"$request.path.{name}" for name in sorted(needed & self.path)}
        return _link(target, given | {name: f"$response.body#{pointer}" for name, pointer in sorted(found.items())})

    def _next_part(self) -> Json | None:
        has_parts = "next_cursor" in self._resolved(self.schema).get("properties", {})
        if not has_parts or "cursor" not in _names(self.operation, "query"):
            return None
        given = {name: f"$request.path.{name}" for name in sorted(self.path)}
        return _link(self.operation, given | {"cursor": "$response.body#/next_cursor"})

    def _found(self, name: str) -> str | None:
        return self._pointer(self.schema, {name, name + ID}, "", DEPTH_MAX)

    def _pointer(self, schema: Json, names: set[str], here: str, depth: int) -> str | None:
        """Where a field of one of the names is, the outermost one; of a list in its first item."""
        schema = self._resolved(schema)
        if "items" in schema:
            return self._pointer(schema["items"], names, f"{here}/0", depth)
        fields = schema.get("properties", {})
        if own := names & set(fields):
            return f"{here}/{own.pop()}"
        inner = (self._pointer(one, names, f"{here}/{field}", depth - 1) for field, one in fields.items() if depth)
        return next((pointer for pointer in inner if pointer is not None), None)

    def _resolved(self, schema: Json) -> Json:
        name = referred_name(schema)
        return dict(self.schemas[name]) if name else schema


def _may_ask(source: Json, target: Json) -> bool:
    """Whether whoever is answered by one operation may ask for the other."""
    is_public, same_scheme = "security" not in target, target.get("security") == source.get("security")
    return is_public or (same_scheme and (CONSOLE in target["tags"]) == (CONSOLE in source["tags"]))


def _link(target: Json, parameters: Json) -> Json:
    return {"operationId": target["operationId"], "parameters": parameters}


def _names(operation: Json, place: str) -> set[str]:
    return {one["name"] for one in operation.get("parameters", ()) if one["in"] == place}
