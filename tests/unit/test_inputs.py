"""Numbers, times and names that outsiders write, in JSON and in paths."""

import json
from datetime import UTC, date, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from flareflow.inputs import Day, Label, Moment, UInt32, UInt64

NUMBER: TypeAdapter[int] = TypeAdapter(UInt64)
SMALL_NUMBER: TypeAdapter[int] = TypeAdapter(UInt32)
TIME: TypeAdapter[datetime] = TypeAdapter(Moment)
DAY: TypeAdapter[date] = TypeAdapter(Day)
NAME: TypeAdapter[str] = TypeAdapter(Label)


@pytest.mark.parametrize("written", [7, "7", "007"])
def test_a_number_is_digits_in_json_or_as_text(written: object) -> None:
    assert NUMBER.validate_python(written) == NUMBER.validate_json(json.dumps(written)) == 7


@pytest.mark.parametrize(
    "written",
    [
        True,
        False,
        1.0,
        1e3,
        -1,
        2**64,
        None,
        [1],
        "",
        " 1 ",
        "1_0",
        "+1",
        "-1",
        "1.0",
        "1e3",
        "0x1",
        "\u0661",
        "9" * 21,
    ],
)
def test_nothing_else_is_a_number(written: object) -> None:
    with pytest.raises(ValidationError):
        NUMBER.validate_python(written)
    with pytest.raises(ValidationError):
        NUMBER.validate_json(json.dumps(written))


def test_numbers_reach_to_the_last_of_their_size() -> None:
    assert (NUMBER.validate_python(str(2**64 - 1)), SMALL_NUMBER.validate_python(2**32 - 1)) == (2**64 - 1, 2**32 - 1)
    with pytest.raises(ValidationError):
        SMALL_NUMBER.validate_python(2**32)


@pytest.mark.parametrize("written", [1_795_789_582, 1e9, "1795789582", "0", "24.11.2026", ""])
def test_a_time_is_no_number_of_seconds(written: object) -> None:
    with pytest.raises(ValidationError):
        TIME.validate_python(written)
    with pytest.raises(ValidationError):
        TIME.validate_json(json.dumps(written))


@pytest.mark.parametrize(
    "written", [1_795_789_582, "0", "20261124", "2026-11-24T00:00:00Z", "2026-11-24T00:00", "2026-11-24 ", "2026-02-30"]
)
def test_a_day_is_written_without_a_time(written: object) -> None:
    assert DAY.validate_python("2026-11-24") == date(2026, 11, 24)
    with pytest.raises(ValidationError):
        DAY.validate_python(written)
    with pytest.raises(ValidationError):
        DAY.validate_json(json.dumps(written))


def test_a_time_is_in_utc() -> None:
    assert TIME.validate_python("2026-11-24T12:00:00+02:00") == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert TIME.validate_python("2026-11-24T12:00:00+02:00").tzinfo is UTC


@pytest.mark.parametrize(
    "written",
    [
        *(
            "0001-01-01T00:00:00+14:00",
            "0001-01-01T00:00:00-14:00",
            "9999-12-31T23:59:59-14:00",
            "9999-12-31T23:59:59Z",
        ),
        *("1999-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "2026-11-24T12:00:00", "2026-13-01T00:00:00Z", "now"),
    ],
)
def test_a_time_without_zone_or_outside_of_two_centuries_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        TIME.validate_python(written)


@pytest.mark.parametrize("name", ["", "laptop", "Büro 3 – Ärger & Co.", "鍵 №1", "x" * 100])
def test_a_name_is_printable_text(name: str) -> None:
    assert NAME.validate_python(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "a\nb",
        "a\x00b",
        "\x7f",
        "\x85",
        "a\u202eb",
        "a\u2066b",
        "\u200fa",
        "a\u200bb",
        "\ufeffa",
        "\u2028",
        "<b>",
        "a>b",
        "x" * 101,
    ],
)
def test_a_name_has_no_control_characters_no_change_of_direction_and_no_markup(name: str) -> None:
    with pytest.raises(ValidationError):
        NAME.validate_python(name)
