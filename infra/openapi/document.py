"""docs/openapi.json: the routes of template.yaml, and what their handlers say that they take and answer."""

import importlib
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, get_origin

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Route
from samtranslator.yaml_helper import yaml_parse

from flareflow.entrypoints.limits import LIMITS
from flareflow.entrypoints.problem_codes import PROBLEMS
from flareflow.entrypoints.problems import CONTENT_TYPE
from flareflow.entrypoints.requests import CONSOLE
from infra.openapi.examples import example_of
from infra.openapi.links import linked
from infra.openapi.reading import referred_name
from infra.paths import ROOT

FILE: Final = ROOT / "docs" / "openapi.json"
VERSION: Final = "1.0.0"
ALWAYS: Final = ("invalid_request", "internal_error", "temporarily_unavailable")
"""Problems that every route may answer with."""
GATEWAY_ALWAYS: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE)
"""What API Gateway itself answers with, whatever the route."""
SCHEMES: Final = {"Session": "Session", "AWS_IAM": "Operator"}
"""The security schemes of the document by the authorizers of template.yaml."""
REFUSALS: Final = {"Session": "sign_in_required", "Operator": "operators_only"}
"""The problem that each scheme's routes answer with where nobody is known."""
NO_SUCH_PATH: Final = "route_not_found"
"""What routes of the operators' page answer for an account that is not an operator's, and every route with a name in
its path for a name with characters that none has.
"""
GATEWAY_REFUSES: Final = {"Operator": (HTTPStatus.FORBIDDEN,)}
"""What API Gateway itself answers where nobody is known, by scheme; the authorizer of sessions refuses nobody."""
DESCRIPTION: Final = """\
Pay-per-token access to language models, with usage that anyone can verify on chain. docs/api.md explains signing in,
lists, numbers and errors; docs/problems.md every `code`. Integers are decimal text, amounts of money in 1e-8, bytes 0x
hex, times ISO 8601 in UTC."""

type Schemas = dict[str, Any]


@dataclass(frozen=True)
class HttpFunction:
    """A function behind the HTTP API: its folder, and the authorizer of each route that has one, by method and path."""

    folder: str
    authorizers: Mapping[tuple[str, str], str]

    @property
    def app(self) -> Any:
        return importlib.import_module(f"functions.{self.folder}.app").app


def http_functions() -> Iterator[HttpFunction]:
    """The functions of template.yaml with at least one route of the HTTP API."""
    resources = yaml_parse((ROOT / "template.yaml").read_text())["Resources"].values()
    for properties in (one["Properties"] for one in resources if one["Type"] == "AWS::Serverless::Function"):
        events = [one["Properties"] for one in properties.get("Events", {}).values() if one["Type"] == "HttpApi"]
        if events:
            secured = {
                (one["Method"].lower(), one["Path"]): one["Auth"]["Authorizer"] for one in events if "Auth" in one
            }
            yield HttpFunction(Path(properties["CodeUri"]).name, secured)


def render() -> str:
    """The whole document as JSON text."""
    paths: dict[str, Any] = {}
    schemas: Schemas = {"Problem": _PROBLEM, "GatewayRefusal": _GATEWAY_REFUSAL}
    for function in http_functions():
        made = _inlined(json.loads(function.app.get_openapi_json_schema(title="FlareFlow", version=VERSION)))
        for name, schema in made.get("components", {}).get("schemas", {}).items():
            if schemas.setdefault(public_name(name), _clean(schema)) != _clean(schema):
                raise ValueError(f"two functions have different schemas of the name {name}")
        for route in [*function.app._static_routes, *function.app._dynamic_routes]:
            if route.include_in_schema:
                method = route.method.lower()
                operation = _clean(made["paths"][route.openapi_path][method])
                security = SCHEMES.get(function.authorizers.get((method, route.openapi_path), ""))
                paths.setdefault(route.openapi_path, {})[method] = _completed(operation, route, security, schemas)
    document = {
        "openapi": "3.1.0",
        "info": {"title": "FlareFlow", "version": VERSION, "description": DESCRIPTION.replace("\n", " ")},
        "servers": [{"url": "/"}],
        "paths": linked(dict(sorted(paths.items())), schemas),
        "components": {
            "schemas": used(paths, schemas),
            "examples": {code: _problem_example(code) for code in sorted(_referred(paths, "examples"))},
            "securitySchemes": _SECURITY,
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _inlined(made: dict[str, Any]) -> dict[str, Any]:
    """With the types of texts and numbers in the places that refer to them; models and choices keep their names."""
    schemas = made.get("components", {}).get("schemas", {})
    simple = {name: one for name, one in schemas.items() if not {"properties", "enum"} & set(one)}

    def inline(part: Any) -> Any:
        if isinstance(part, list):
            return [inline(one) for one in part]
        if not isinstance(part, dict):
            return part
        name = referred_name(part)
        beside = {key: inline(value) for key, value in part.items() if key != "$ref"}
        return {**inline(simple[name]), **beside} if name in simple else {**part, **beside}

    made["components"]["schemas"] = {name: one for name, one in schemas.items() if name not in simple}
    return dict(inline(made))


def _completed(operation: dict[str, Any], route: Route, security: str | None, schemas: Schemas) -> dict[str, Any]:
    """An operation with its texts, its security, examples and problems."""
    summary, _, description = (inspect.getdoc(route.func) or "").partition("\n\n")
    success = str(int(route.status_code))
    problems = [*ALWAYS, *getattr(route.func, "problems", ()), *((REFUSALS[security],) if security else ())]
    is_of_page = route.openapi_path.startswith(f"{CONSOLE}/")
    problems += [NO_SUCH_PATH] if is_of_page or "{" in route.openapi_path else []
    problems += ["too_many_requests"] if f"{route.method} {route.openapi_path}" in LIMITS else []
    gateway = (*GATEWAY_ALWAYS, *GATEWAY_REFUSES.get(security or "", ()))
    return {
        "operationId": "_".join([route.method.lower(), *re.findall(r"\w+", route.openapi_path.removeprefix("/v1"))]),
        "tags": [route.openapi_path.split("/")[2]],
        "summary": summary.replace("\n", " "),
        **({"description": description.replace("\n", " ")} if description else {}),
        **({"security": [{security: []}]} if security else {}),
        **({"parameters": list(map(_parameter, operation["parameters"]))} if "parameters" in operation else {}),
        **({"requestBody": operation["requestBody"]} if "requestBody" in operation else {}),
        "responses": {
            success: _success(operation["responses"][success], route, security, schemas),
            **({"304": _NOT_MODIFIED} if _is_published(route, security) else {}),
            **_refusals(problems, gateway),
        },
    }


def _is_published(route: Route, security: str | None) -> bool:
    return security is None and get_origin(inspect.signature(route.func).return_annotation) is Response


def _success(response: dict[str, Any], route: Route, security: str | None, schemas: Schemas) -> dict[str, Any]:
    if route.status_code == HTTPStatus.NO_CONTENT:
        return {"description": "Done."}
    (content,) = response["content"].values()
    media_type = getattr(route.func, "media_type", "application/json")
    example = example_of(content["schema"], schemas)
    headers = {"ETag": _text_header("Names this text."), "Cache-Control": _text_header("How long it may be kept.")}
    return {
        "description": "Done.",
        **({"headers": headers} if _is_published(route, security) else {}),
        "content": {media_type: {**content, "example": example}},
    }


def _text_header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


def _refusals(codes: list[str], gateway: tuple[HTTPStatus, ...]) -> dict[str, Any]:
    """The responses by status: problem documents with an example for each code, and what API Gateway itself answers."""
    statuses = sorted({PROBLEMS[code].status for code in codes} | {status.value for status in gateway})
    refusals: dict[str, Any] = {}
    for status in statuses:
        own = [code for code in dict.fromkeys(codes) if PROBLEMS[code].status == status]
        examples = {code: {"$ref": f"#/components/examples/{code}"} for code in own}
        content = {CONTENT_TYPE: {"schema": _ref("Problem"), "examples": examples}} if own else {}
        if HTTPStatus(status) in gateway:
            message = {"message": HTTPStatus(status).phrase}
            content["application/json"] = {"schema": _ref("GatewayRefusal"), "example": message}
        refusals[str(status)] = {"description": HTTPStatus(status).phrase, "content": content}
    return refusals


def _problem_example(code: str) -> dict[str, Any]:
    problem = PROBLEMS[code]
    document = {
        "type": f"urn:flareflow:problem:{code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.when,
        "code": code,
        "what_to_do": problem.what_to_do,
        "request_id": "d8f1c2ab-Xk3JFg=",
    }
    return {"summary": problem.when, "value": document}


def _clean(schema: Any) -> Any:
    """Without the titles that pydantic makes of names, and with public names of schemas."""
    if isinstance(schema, list):
        return [_clean(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        schema = {**schema, "$ref": _ref(public_name(referred_name(schema)))["$ref"]}
    cleaned = {name: part for name, part in schema.items() if not (name == "title" and isinstance(part, str))}
    for name, part in cleaned.items():
        if name == "properties":
            cleaned[name] = {key: _clean(value) for key, value in part.items()}
        elif name not in {"examples", "default"}:
            cleaned[name] = _clean(part)
    return cleaned


def _parameter(given: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is left out rather than null, its description once, a header's name in its usual form."""
    schema = {name: part for name, part in given["schema"].items() if name != "description"}
    if not given["required"] and "anyOf" in schema:
        schema = {**schema.pop("anyOf")[0], **schema}
    name = given["name"].title() if given["in"] == "header" else given["name"]
    return {"name": name, **{key: part for key, part in given.items() if key != "name"}, "schema": schema}


def public_name(name: str) -> str:
    """`EntryAnswer` is `Entry`, and `Page_EntryAnswer_` is `EntryPage`."""
    page = re.fullmatch(r"Page_(\w+)_", name)
    return f"{public_name(page[1])}Page" if page else name.removesuffix("Answer")


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def used(paths: Mapping[str, Any], schemas: Schemas) -> Schemas:
    """The schemas that the paths refer to, directly or through others."""
    found: set[str] = set()
    new = _referred(paths)
    while new:
        found |= new
        new = set().union(*(_referred(schemas[name]) for name in new)) - found
    return {name: schemas[name] for name in sorted(found)}


def _referred(part: Any, kind: str = "schemas") -> set[str]:
    return set(re.findall(rf'"#/components/{kind}/(\w+)"', json.dumps(part)))


_NOT_MODIFIED: Final = {"description": "Not modified: what If-None-Match names is still the answer."}
_TEXT: Final = {"type": "string"}
_PROBLEM: Final = {
    "type": "object",
    "description": "A failure (RFC 9457). `code` never changes; docs/problems.md lists all of them.",
    "required": ["type", "title", "status", "detail", "code", "what_to_do", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": {"type": "string", "enum": sorted(PROBLEMS)},
        "what_to_do": _TEXT,
        "request_id": _TEXT,
    },
}
_GATEWAY_REFUSAL: Final = {
    "type": "object",
    "description": "API Gateway refuses or fails before a function is asked.",
    "required": ["message"],
    "properties": {"message": {"type": ["string", "null"]}},
}
_SECURITY: Final = {
    "Session": {"type": "http", "scheme": "bearer", "description": "The access token of a session."},
    "Operator": {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "description": "AWS Signature 4 for `execute-api`, by an identity that IAM allows to invoke the route.",
        "x-amazon-apigateway-authtype": "awsSigv4",
    },
}
