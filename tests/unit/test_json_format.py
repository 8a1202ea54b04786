"""The JSON form of our values."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest

from flareflow.json_format import json_value, timestamp, to_json


@dataclass(frozen=True, slots=True)
class Thing:
    amount_ufix64: int
    known: bool
    parts: tuple[int, ...]
    note: str | None = None


def test_integers_are_decimal_text() -> None:
    big = 2**64 - 1
    thing = Thing(big, known=True, parts=(1, 2))
    assert json_value(thing) == {"amount_ufix64": str(big), "known": True, "parts": ["1", "2"], "note": None}


def test_times_are_utc_and_sort_as_text() -> None:
    moment = datetime(2026, 11, 24, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    assert timestamp(moment) == "2026-11-24T12:00:00.000000Z"
    assert timestamp(moment) < timestamp(moment + timedelta(microseconds=1))
    assert to_json({"at": moment.astimezone(UTC)}) == '{"at":"2026-11-24T12:00:00.000000Z"}'


@pytest.mark.parametrize("value", [1.5, object(), {1, 2}])
def test_a_type_without_a_json_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        json_value(value)
