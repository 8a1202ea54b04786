"""Our values as JSON that every client reads alike."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest

from flareflow.json_format import as_json, plain, timestamp


@dataclass(frozen=True, slots=True)
class Thing:
    amount_ufix64: int
    known: bool
    parts: tuple[int, ...]
    note: str | None = None


def test_integers_are_decimal_text_so_that_no_reader_rounds_them() -> None:
    big = 2**64 - 1
    thing = Thing(big, known=True, parts=(1, 2))
    assert plain(thing) == {"amount_ufix64": str(big), "known": True, "parts": ["1", "2"], "note": None}


def test_times_are_utc_and_sort_as_text() -> None:
    moment = datetime(2026, 11, 24, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    assert timestamp(moment) == "2026-11-24T12:00:00.000000Z"
    assert timestamp(moment) < timestamp(moment + timedelta(microseconds=1))
    assert as_json({"at": moment.astimezone(UTC)}) == '{"at":"2026-11-24T12:00:00.000000Z"}'


@pytest.mark.parametrize("value", [1.5, object(), {1, 2}])
def test_what_has_no_agreed_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        plain(value)
