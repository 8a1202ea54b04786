"""docs/openapi.json and docs/problems.md say what the handlers do."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from flareflow import errors
from flareflow.answers import Answer
from flareflow.entrypoints.problem_codes import PROBLEMS
from infra.openapi import document, problems, python, typescript
from infra.openapi.document import http_functions
from infra.paths import ROOT
from tests.support.openapi import document as committed
from tests.support.openapi import misfits

OPERATIONS = [
    pytest.param(operation, id=operation["operationId"])
    for operations in committed()["paths"].values()
    for operation in operations.values()
]


def test_the_committed_documents_are_what_the_handlers_say() -> None:
    # When they are made anew; otherwise run `make openapi`
    assert document.FILE.read_text() == document.render()
    assert problems.PAGE.read_text() == problems.render()
    assert typescript.FILE.read_text() == typescript.render(committed())
    assert python.FILE.read_text() == python.render(committed())


def test_the_document_is_valid_openapi_3_1() -> None:
    assert committed()["openapi"].startswith("3.1.")
    validate(committed())


def test_every_public_route_is_documented_and_no_internal_one() -> None:
    resolvers = [function.app for function in http_functions()]
    routes = [route for app in resolvers for route in (*app._static_routes, *app._dynamic_routes)]
    public = {(route.method, route.openapi_path) for route in routes if route.openapi_path.startswith("/v1/")}
    documented = {(method.upper(), path) for path, operations in committed()["paths"].items() for method in operations}
    assert documented == public


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_answer_has_examples_that_fit_its_schema(operation: Any) -> None:
    for status, response in operation["responses"].items():
        for content in response.get("content", {}).values():
            named = [committed()["components"]["examples"][code]["value"] for code in content.get("examples", ())]
            examples = [*named, *([content["example"]] if "example" in content else [])]
            assert examples, status
            assert [misfits(content["schema"], example) for example in examples] == [[]] * len(examples), status


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_says_what_it_does_in_a_sentence(operation: Any) -> None:
    assert operation["summary"].endswith(".")


LINKS = [
    (source, response, link)
    for operations in committed()["paths"].values()
    for source in operations.values()
    for response in source["responses"].values()
    for link in response.get("links", {}).values()
]


@pytest.mark.parametrize(
    ("source", "response", "link"), LINKS, ids=[f"{one['operationId']}-{link['operationId']}" for one, _, link in LINKS]
)
def test_a_link_takes_what_the_answer_has_and_gives_what_its_target_needs(
    source: Any, response: Any, link: Any
) -> None:
    operations = [one for of_path in committed()["paths"].values() for one in of_path.values()]
    [target] = [one for one in operations if one["operationId"] == link["operationId"]]
    # Given the example of the answer
    example = response["content"]["application/json"]["example"]
    for name, expression in link["parameters"].items():
        place, _, where = expression.partition("#")
        # Then each value is in it, or in the path that was asked for
        if place == "$response.body":
            assert value_at(example, where) is not None
        else:
            assert place.removeprefix("$request.path.") in names(source, "path")
        assert name in names(target, "path") | {"cursor"}
    # And nothing that the target's path needs is missing
    assert names(target, "path") <= set(link["parameters"]) | names(source, "path")


def value_at(content: Any, pointer: str) -> Any:
    for part in pointer.strip("/").split("/"):
        content = content[int(part)] if isinstance(content, list) else content[part]
    return content


def names(operation: Any, place: str) -> set[str]:
    return {one["name"] for one in operation.get("parameters", ()) if one["in"] == place}


def test_every_list_in_parts_links_to_its_next_one_and_every_owned_object_is_linked() -> None:
    linked = {(source["operationId"], link["operationId"]) for source, _, link in LINKS}
    operations = [one for of_path in committed()["paths"].values() for one in of_path.values()]
    lists = {one["operationId"] for one in operations if "cursor" in names(one, "query")}
    owned = {one["operationId"] for one in operations if {"subscription_id", "key_hash"} & names(one, "path")}
    assert {(one, one) for one in lists if "exports" not in one} <= linked
    assert owned - {target for _, target in linked} == set()


def answers(base: type[Answer] = Answer) -> Iterator[type[Answer]]:
    for one in base.__subclasses__():
        yield one
        yield from answers(one)


def test_no_answer_publishes_an_internal_model() -> None:
    # Given the models that are made for answers, and those of documents that are answered as they are
    meant = {document.public_name(re.sub(r"\W", "_", one.__name__)) for one in answers()}
    documents = {"Problem", "GatewayRefusal", "PriceBook", "Price", "LongWeights", "Pattern"}
    # When all models are collected that answers contain
    operations = [one for of_path in committed()["paths"].values() for one in of_path.values()]
    responses = {one["operationId"]: one["responses"] for one in operations}
    schemas = document.used(responses, committed()["components"]["schemas"])
    published = {name for name, schema in schemas.items() if "properties" in schema}
    # Then there is no other among them
    assert len(published) > 20
    assert published - meant - documents == set()


def raised_codes() -> Iterator[tuple[Path, str, int]]:
    """Every code that the code raises with its error's status: `NotFoundError("key_not_found", ...)`."""
    for source in sorted((ROOT / "layers" / "common" / "flareflow").rglob("*.py")):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                kind, code = getattr(errors, node.func.id, None), node.args[0]
                if isinstance(kind, type) and issubclass(kind, errors.RequestError) and isinstance(code, ast.Constant):
                    yield source, str(code.value), kind.status.value


def is_of_websocket(source: Path) -> bool:
    return source.parent.name == "realtime" or source.name == "websocket.py"


def test_every_code_is_documented_with_the_status_that_it_comes_with() -> None:
    found = [(code, status) for source, code, status in raised_codes() if not is_of_websocket(source)]
    assert len(found) > 20
    documented = {(code, problem.status) for code, problem in PROBLEMS.items()}
    assert set(found) - documented == set()
