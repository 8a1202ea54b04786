"""The tables module describes the tables that `template.yaml` makes."""

import re
from typing import Any

import pytest

from flareflow.adapters.dynamodb.keys import EXPIRES_AT, TableLayout
from flareflow.adapters.dynamodb.tables import TABLES
from infra.paths import ROOT
from tests.support.deployment import template_source


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    found: dict[str, Any] = template_source()["Resources"]
    return found


def test_every_table_of_the_template_is_described(resources: dict[str, Any]) -> None:
    made = {name for name, resource in resources.items() if resource["Type"] == "AWS::DynamoDB::Table"}
    assert {layout.name for layout in TABLES} == made


@pytest.mark.parametrize("layout", TABLES, ids=lambda layout: layout.name)
def test_a_table_has_the_keys_the_indexes_and_the_expiry_that_are_described(
    resources: dict[str, Any], layout: TableLayout
) -> None:
    properties = resources[layout.name]["Properties"]
    assert names(properties["KeySchema"]) == ["pk", "sk"]
    assert properties["TimeToLiveSpecification"] == {"AttributeName": EXPIRES_AT, "Enabled": True}
    indexes = {index["IndexName"]: index for index in properties.get("GlobalSecondaryIndexes", [])}
    assert {name: names(index["KeySchema"]) for name, index in indexes.items()} == {
        index.name: [index.pk_name, index.sk_name] for index in layout.indexes
    }
    assert all(index["Projection"] == {"ProjectionType": "ALL"} for index in indexes.values())


@pytest.mark.parametrize("layout", TABLES, ids=lambda layout: layout.name)
def test_a_stream_is_read_by_the_functions_that_are_described(resources: dict[str, Any], layout: TableLayout) -> None:
    readers = {
        resource["Properties"]["CodeUri"].rsplit("/", 1)[-1]
        for resource in resources.values()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"].get("Events", {}).values()
        if event["Properties"].get("Stream") == {"Fn::GetAtt": [layout.name, "StreamArn"]}
    }
    assert readers == set(layout.stream_readers)


def names(schema: list[dict[str, str]]) -> list[str]:
    return [key["AttributeName"] for key in schema]


KINDS = set((ROOT / "layers" / "common" / "flareflow" / "adapters" / "dynamodb").glob("*_kinds.py"))


def test_no_other_module_contains_the_beginning_of_a_key() -> None:
    # Given what keys begin with, such as CALL#
    kinds = [kind for layout in TABLES for kind in (*layout.items, *layout.indexes)]
    beginnings = {
        f"{template.partition('#')[0]}#" for kind in kinds for template in (kind.pk, kind.sk) if "#" in template
    }
    literal = re.compile(f"[\"'](?:{'|'.join(beginnings)})")
    # When all sources but this module are searched for them as texts
    sources = [path for folder in ("layers", "functions", "infra") for path in (ROOT / folder).rglob("*.py")]
    found = [path for path in sources if path not in KINDS and literal.search(path.read_text())]
    # Then there are none
    assert len(sources) > 100
    assert found == []
