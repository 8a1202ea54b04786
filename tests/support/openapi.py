"""Whether an answer of the HTTP API is as docs/openapi.json documents it."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from openapi_schema_validator import OAS31Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from infra.openapi.document import FILE

_BASE: Final = "urn:openapi"


def document() -> Any:
    """The committed document, for the caller alone: some programs change what they are given."""
    return json.loads(FILE.read_bytes())


_document = cache(document)


@cache
def _validator(schema: str) -> OAS31Validator:
    registry: Registry[Any] = Registry().with_resource(_BASE, DRAFT202012.create_resource(_document()))
    return OAS31Validator(json.loads(schema.replace('"#/', f'"{_BASE}#/')), registry=registry)


def misfits(schema: Mapping[str, Any], value: Any) -> list[str]:
    """What does not fit the schema, in words."""
    return [f"{list(error.path)}: {error.message}" for error in _validator(json.dumps(schema)).iter_errors(value)]


def operation_of(method: str, path: str) -> Mapping[str, Any] | None:
    """The documented operation of a request; None for one that is not documented."""
    for template, operations in _document()["paths"].items():
        if method.lower() in operations and re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
            return dict(operations[method.lower()])
    return None


def undocumented(method: str, path: str, status: int, content_type: str, text: str) -> list[str]:
    """What of an answer is not documented; nothing for a request that is not documented itself."""
    operation = operation_of(method, path)
    if operation is None:
        return []
    response = operation["responses"].get(str(status))
    if response is None:
        return [f"the status {status}"]
    if "content" not in response:
        return [f"a body: {text}"] if text else []
    content = response["content"].get(content_type.partition(";")[0])
    if content is None:
        return [f"the type {content_type}"]
    if not content_type.startswith("application/"):
        return []
    value = json.loads(text)
    code = value.get("code") if content_type.startswith("application/problem") else None
    return misfits(content["schema"], value) + (
        [f"the code {code}"] if code and code not in content["examples"] else []
    )
