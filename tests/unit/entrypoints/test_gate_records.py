"""The body of a post of records: bounded, and each record read or set aside by itself."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flareflow.entrypoints.gate_records import BODY_BYTES_MAX, RECORDS_MAX, posted_records
from flareflow.errors import InvalidRequestError
from flareflow.metering.calls import CallRecord, Ending, Tokens
from flareflow.metering.ingest import PostedRecords

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
RECORD: dict[str, Any] = {
    "event_id": "6f1c2d9e-0000-4000-8000-000000000001",
    "key_hash": "ab" * 32,
    "call_type": "acompletion",
    "model": "gpt-4o",
    "answered_by": "gpt-4o-2024-08-06",
    "ending": "broken_off",
    "tokens": {
        **{"prompt": 30, "cache_read": 4, "cache_write": 5, "completion": 12},
        **{"reasoning": 6, "audio_input": 7, "audio_output": 8},
    },
    "tokens_are_estimated": True,
    "started_at": "2026-11-24T11:59:58.25Z",
    "ended_at": "2026-11-24T12:59:59+01:00",
}


def read(*elements: object) -> PostedRecords:
    return posted_records(json.dumps(elements).encode(), NOON)


def test_a_record_is_read_as_the_gate_wrote_it() -> None:
    [record] = read(RECORD).records
    assert record == CallRecord(
        event_id="6f1c2d9e-0000-4000-8000-000000000001",
        key_hash="ab" * 32,
        call_type="acompletion",
        model="gpt-4o",
        answered_by="gpt-4o-2024-08-06",
        ending=Ending.BROKEN_OFF,
        tokens=Tokens(30, 4, 5, 12, 6, 7, 8),
        tokens_are_estimated=True,
        started_at=NOON - timedelta(seconds=1.75),
        ended_at=NOON - timedelta(seconds=1),
    )
    assert record.ended_at.tzinfo is UTC


@pytest.mark.parametrize(
    "wrong",
    [
        {"event_id": ""},
        {"event_id": "x" * 129},
        {"event_id": None},
        {"key_hash": "sk-secret"},
        {"key_hash": "AB" * 32},
        {"ending": "odd"},
        {"tokens": {"prompt": -1}},
        {"tokens": {"prompt": "1"}},
        {"tokens": {"prompt": 1.5}},
        {"tokens": {"prompt": 10**10}},
        {"tokens": {"total": 1}},
        {"tokens": None},
        {"started_at": "2026-11-24T11:59:58"},
        {"started_at": "0001-01-01T00:00:00+14:00"},
        {"started_at": "1969-12-31T23:59:59Z"},
        {"ended_at": "9999-12-31T23:59:59-14:00"},
        {"tokens": {"prompt": True}},
        {"model": "x" * 257},
        {"spend": 1},
    ],
)
def test_a_record_of_another_form_is_set_aside_and_the_others_are_read(wrong: dict[str, object]) -> None:
    posted = read(RECORD | wrong, RECORD)
    assert len(posted.records) == 1
    [aside] = posted.set_aside
    assert aside.reason == "record_unreadable"
    assert json.loads(aside.body) == RECORD | wrong


@pytest.mark.parametrize("element", [None, 1, "text", [], {}])
def test_what_is_no_record_at_all_is_set_aside(element: object) -> None:
    assert [one.reason for one in read(element).set_aside] == ["record_unreadable"]


def test_a_record_that_is_set_aside_again_has_the_same_identity() -> None:
    reordered = dict(reversed(list({**RECORD, "ending": "odd"}.items())))
    first, second = (read(element).set_aside[0].identity for element in ({**RECORD, "ending": "odd"}, reordered))
    assert first == second
    assert first != read({**RECORD, "ending": "other"}).set_aside[0].identity


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"ended_at": "2026-11-24T12:05:00Z"}, None),
        ({"ended_at": "2026-11-24T12:05:00.000001Z"}, "record_times_impossible"),
        ({"started_at": "2026-11-24T11:59:59.000001Z"}, "record_times_impossible"),
    ],
)
def test_a_record_of_a_time_that_cannot_be_is_set_aside(changed: dict[str, str], reason: str | None) -> None:
    posted = read(RECORD | changed)
    assert [one.reason for one in posted.set_aside] == ([reason] if reason else [])
    assert len(posted.records) == (0 if reason else 1)


@pytest.mark.parametrize("body", [b"", b"{}", b"not json", b"\xff"])
def test_a_post_that_is_no_array_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        posted_records(body, NOON)
    assert refused.value.code == "invalid_push"


def test_a_post_of_more_records_than_the_limit_is_refused() -> None:
    assert len(read(*[RECORD] * RECORDS_MAX).records) == RECORDS_MAX
    with pytest.raises(InvalidRequestError) as refused:
        read(*[RECORD] * (RECORDS_MAX + 1))
    assert refused.value.code == "invalid_push"


def test_a_post_of_more_bytes_than_the_limit_is_refused() -> None:
    body = json.dumps([RECORD]).encode()
    longest = body + b" " * (BODY_BYTES_MAX - len(body))
    assert len(posted_records(longest, NOON).records) == 1
    with pytest.raises(InvalidRequestError) as refused:
        posted_records(longest + b" ", NOON)
    assert refused.value.code == "push_too_large"
