"""Encoding and decoding of JSON-Cadence."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.adapters.flow.json_cdc import NESTING_MAX, Value, address, array, decode, string, ufix64, uint64


@given(st.integers(0, 2**64 - 1))
def test_an_amount_is_read_exactly_as_it_was_written(units: int) -> None:
    assert decode(ufix64(units).encode()) == units


@given(st.lists(st.text()))
def test_text_is_read_as_it_was_written(texts: list[str]) -> None:
    assert decode(array(string, texts).encode()) == texts


def test_an_argument_is_written_compactly_because_a_transactions_id_depends_on_it() -> None:
    assert array(uint64, [1]).encode() == b'{"type":"Array","value":[{"type":"UInt64","value":"1"}]}'


@pytest.mark.parametrize("written", ["f8d6e0586b0a20c7", "0xf8d6e0586b0a20c7"])
def test_an_address_may_be_given_with_or_without_prefix(written: str) -> None:
    assert decode(address(written).encode()) == "0xf8d6e0586b0a20c7"


def test_a_field_called_id_keeps_its_value() -> None:
    fields = [{"name": "id", "value": {"type": "UInt64", "value": "7"}}]
    event = {"type": "Event", "value": {"id": "A.01.C.E", "fields": fields}}
    assert decode(json.dumps(event)) == {"id": 7}


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ({"type": "Void"}, None),
        ({"type": "Optional", "value": None}, None),
        ({"type": "Optional", "value": {"type": "Bool", "value": False}}, False),
        ({"type": "Word256", "value": str(2**256 - 1)}, 2**256 - 1),
        ({"type": "Int8", "value": "-5"}, -5),
        ({"type": "Fix64", "value": "-0.50000000"}, -50_000_000),
        ({"type": "Character", "value": "é"}, "é"),
    ],
)
def test_every_type_that_we_read_becomes_plain_python(document: object, value: Value) -> None:
    assert decode(json.dumps(document)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '"x"',
        '{"type":"UInt64","value":"x"}',
        '{"type":"UInt64","value":7}',
        '{"type":"UFix64","value":"1.000000001"}',
        '{"type":"UFix64","value":"x"}',
        '{"type":"Capability","value":{}}',
        '{"type":"Path","value":"x"}',
        '{"type":"Event","value":{"fields":[{"name":"a"}]}}',
        '{"type":"Dictionary","value":[7]}',
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text)


def test_a_value_nested_too_deep_is_refused() -> None:
    document: object = {"type": "Bool", "value": True}
    for _ in range(NESTING_MAX):
        document = {"type": "Optional", "value": document}
    with pytest.raises(ValueError, match="nested deeper"):
        decode(json.dumps(document))
