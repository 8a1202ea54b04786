"""The tables module describes the tables that `template.yaml` makes."""

from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from flareflow.adapters.dynamodb.tables import EXPIRES_AT, TABLES, TableLayout
from infra.local.aws.gateway.template import TEMPLATE


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    found: dict[str, Any] = yaml_parse(TEMPLATE.read_text())["Resources"]
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
