"""Billed calls as a table."""

import csv
import io
from dataclasses import replace

import pytest

from flareflow.accounts.exports import COLUMNS, events_csv
from flareflow.accounts.usage_history import StatedEvent
from flareflow.accounts.usage_queries import UsageState
from flareflow.metering.calls import Tokens, Units
from flareflow.metering.usage_events import Entry
from tests.fakes.metering import rating, row

ONE = row("a", Tokens(1, 2, 3, 4, 5, 6, 7))
EVENT = Entry(ONE.call, *rating(ONE)).event(1)


def test_a_call_has_a_value_in_each_column() -> None:
    event = replace(EVENT, base_model="openai/gpt", units=Units(2, 3_500), cost_nanousd=7)
    [line] = csv.DictReader(io.StringIO(events_csv([StatedEvent(event, 7, UsageState.SEALED)])))
    assert set(line) == set(COLUMNS)
    assert "" not in line.values()
    assert (line["cache_read_tokens"], line["audio_output_tokens"], line["milliseconds"]) == ("2", "7", "3500")


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@x"])
def test_no_name_is_a_formula(name: str) -> None:
    [line] = csv.DictReader(io.StringIO(events_csv([StatedEvent(replace(EVENT, model=name), 7, UsageState.PENDING)])))
    assert line["model"] == f"'{name}"


def test_a_name_with_separators_stays_one_value() -> None:
    [line] = csv.DictReader(
        io.StringIO(events_csv([StatedEvent(replace(EVENT, model='a,"b"\nc'), 7, UsageState.PENDING)]))
    )
    assert line["model"] == 'a,"b"\nc'
