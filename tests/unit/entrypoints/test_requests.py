"""JSON that outsiders send."""

import json

import pytest

from flareflow.entrypoints.requests import read_json


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "{} {}", "NaN", "[Infinity]", '"\\ud800"', "1" * 5_000),
        *("[" * 300 + "]" * 300, '{"a":' * 300 + "1" + "}" * 300, "[" * 1_000_000),
    ],
    ids=lambda text: text[:12],
)
def test_what_no_reader_agrees_on_is_no_json(text: str) -> None:
    for form in (text, text.encode()):
        with pytest.raises(json.JSONDecodeError):
            read_json(form)


def test_bytes_that_are_not_utf8_are_no_json() -> None:
    with pytest.raises(json.JSONDecodeError):
        read_json(b'"\xff"')


def test_json_is_read_as_it_is() -> None:
    assert read_json('{"a": [1, "\\u00e9", null, true, 18446744073709551615]}') == {
        "a": [1, "é", None, True, 2**64 - 1]
    }
