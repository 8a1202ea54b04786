"""Rows of every form: each becomes a call, or something that is set aside with its reason; none is lost."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.adapters.litellm.rows import changed_row, parsed, read_row, upstream_id
from flareflow.metering.calls import LoggedCall, SetAside, Tokens, Units
from flareflow.metering.price_book import PriceBook
from flareflow.metering.rating import rate
from flareflow.metering.rows import KeyForm, LoggedRow, Reason
from infra.price_book.__main__ import FILE as LITELLMS_BOOK
from tests.unit.adapters.litellm.vectors import recorded

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
STARTED = datetime(2026, 11, 23, 12, 47, 46, 224_000, tzinfo=UTC)


def row(**changed: object) -> dict[str, Any]:
    return {**recorded("spend_logs_v2")["data"][0], **changed}


def input_details(**details: object) -> dict[str, object]:
    return {"usage_object": {"prompt_tokens_details": details}}


def output_details(**details: object) -> dict[str, object]:
    return {"usage_object": {"completion_tokens_details": details}}


def call_of(**changed: object) -> LoggedCall:
    read = read_row(row(**changed))
    assert isinstance(read, LoggedRow), read
    return read.call


def test_a_recorded_row_is_read_as_the_call_it_reports() -> None:
    assert call_of() == LoggedCall(
        request_id=row()["request_id"],
        started_at=STARTED,
        ended_at=datetime(2026, 11, 23, 12, 47, 46, 230_000, tzinfo=UTC),
        key_hash="24da3ae6f2d95d60b6ecf6d1b75c7b7cb2bbd168e53937861b9bec93af0e22e8",
        call_type="acompletion",
        model="fake-gpt",
        tokens=Tokens(prompt=3, completion=2),
        cost_nanousd=7_000,
        call_id=row()["litellm_call_id"],
        upstream_id=row()["request_id"],
        base_model="openai/fake-gpt",
    )


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"request_id": None}, Reason.IDENTITY_UNREADABLE),
        ({"request_id": ""}, Reason.IDENTITY_UNREADABLE),
        ({"request_id": 7}, Reason.IDENTITY_UNREADABLE),
        ({"request_id": "x" * 1025}, Reason.IDENTITY_UNREADABLE),
        ({"metadata": None}, Reason.METADATA_UNREADABLE),
        ({"metadata": "no JSON"}, Reason.METADATA_UNREADABLE),
        ({"metadata": '"text"'}, Reason.METADATA_UNREADABLE),
        ({"metadata": []}, Reason.METADATA_UNREADABLE),
        ({"metadata": {"usage_object": {"cache_read_input_tokens": "3"}}}, Reason.METADATA_UNREADABLE),
        ({"status": "cancelled"}, Reason.STATUS_UNKNOWN),
        ({"prompt_tokens": "3"}, Reason.TOKENS_UNREADABLE),
        ({"prompt_tokens": -3}, Reason.TOKENS_UNREADABLE),
        ({"prompt_tokens": None}, Reason.TOKENS_UNREADABLE),
        ({"completion_tokens": 1.5}, Reason.TOKENS_UNREADABLE),
        ({"completion_tokens": 10**12}, Reason.TOKENS_UNREADABLE),
        ({"completion_tokens": True}, Reason.TOKENS_UNREADABLE),
        ({"metadata": {"usage_object": {"cache_read_input_tokens": 4}}}, Reason.TOKENS_UNREADABLE),
        ({"metadata": {"usage_object": {"cache_read_input_tokens": -4}}}, Reason.METADATA_UNREADABLE),
        ({"metadata": input_details(audio_tokens=4)}, Reason.TOKENS_UNREADABLE),
        ({"metadata": input_details(cached_tokens=2, cache_write_tokens=2)}, Reason.TOKENS_UNREADABLE),
        ({"metadata": input_details(cached_tokens=10**9 + 1)}, Reason.METADATA_UNREADABLE),
        ({"metadata": output_details(reasoning_tokens=3)}, Reason.TOKENS_UNREADABLE),
        ({"metadata": output_details(audio_tokens=3)}, Reason.TOKENS_UNREADABLE),
        ({"metadata": output_details(reasoning_tokens=2, audio_tokens=1)}, Reason.TOKENS_UNREADABLE),
        ({"metadata": output_details(reasoning_tokens="2")}, Reason.METADATA_UNREADABLE),
        ({"total_tokens": 6}, Reason.TOTAL_DIFFERS),
        ({"startTime": None}, Reason.TIME_UNREADABLE),
        ({"startTime": 1_700_000_000}, Reason.TIME_UNREADABLE),
        ({"startTime": "yesterday"}, Reason.TIME_UNREADABLE),
        ({"endTime": "0001-01-01T00:00:00+05:00"}, Reason.TIME_UNREADABLE),
        ({"startTime": "0001-01-01T00:00:00Z"}, Reason.TIME_UNREADABLE),
        ({"startTime": "1999-12-31T23:59:59Z"}, Reason.TIME_UNREADABLE),
        ({"startTime": "2200-01-01T00:00:00Z"}, Reason.TIME_UNREADABLE),
        ({"endTime": "9999-12-31T23:59:59Z"}, Reason.TIME_UNREADABLE),
        ({"call_type": None}, Reason.FORM_UNKNOWN),
        ({"model": 7}, Reason.FORM_UNKNOWN),
    ],
)
def test_a_row_of_another_form_is_set_aside_as_a_whole_with_its_reason(
    changed: dict[str, object], reason: Reason
) -> None:
    read = read_row(row(**changed))
    assert isinstance(read, SetAside)
    assert read.reason == reason
    assert json.loads(read.body) == json.loads(json.dumps(row(**changed)))


@pytest.mark.parametrize("spend", [None, -0.847665, "NaN", "Infinity", float("inf"), float("nan"), 10**9, {}])
def test_a_cost_that_cannot_be_used_does_not_make_tokens_free(spend: object) -> None:
    # Public case 10: a call of 1,332 tokens with a negative cost
    call = call_of(spend=spend, prompt_tokens=1_244, completion_tokens=88, total_tokens=1_332)
    assert (call.tokens.total, call.cost_nanousd) == (1_332, None)


@pytest.mark.parametrize(
    ("spend", "cost_nanousd"), [("0.000015", 15_000), ("1.4999999999999999e-05", 15_000), ("7e-06", 7_000), ("0", 0)]
)
def test_a_cost_is_read_by_its_decimal_text_and_rounded_to_the_nearest_unit(spend: str, cost_nanousd: int) -> None:
    read = read_row(parsed(json.dumps(row(spend="SPEND")).replace('"SPEND"', spend)))
    assert isinstance(read, LoggedRow)
    assert read.call.cost_nanousd == cost_nanousd


@pytest.mark.parametrize(
    "changed", [{"litellm_call_id": None}, {"status": None}, {"litellm_call_id": "", "user": None}]
)
def test_a_row_without_call_id_or_status_is_a_call(changed: dict[str, object]) -> None:
    # Public case 16
    call = call_of(**changed, prompt_tokens=10, completion_tokens=20, total_tokens=30)
    assert (call.tokens.total, call.failed) == (30, False)


@pytest.mark.parametrize(
    "start",
    [
        "2026-11-23T12:47:46.224Z",
        "2026-11-23T12:47:46.224+00:00",
        "2026-11-23T12:47:46.224",
        "2026-11-23 12:47:46.224",
        "2026-11-23T14:47:46.224+02:00",
    ],
)
def test_a_time_has_an_offset_or_is_of_utc(start: str) -> None:
    assert call_of(startTime=start).started_at == STARTED


def test_a_call_that_ends_before_it_starts_took_no_time() -> None:
    assert call_of(endTime="2020-01-01T00:00:00Z").ended_at == STARTED


def test_an_id_of_a_thousand_characters_is_an_identity() -> None:
    assert call_of(request_id="x" * 1024).request_id == "x" * 1024


def test_metadata_that_is_the_text_of_an_object_is_read() -> None:
    usage = {"usage_object": {"prompt_tokens_details": {"cached_tokens": 2}}}
    assert call_of(metadata=json.dumps(usage)).tokens == Tokens(prompt=1, cache_read=2, completion=2)


@pytest.mark.parametrize(
    "usage",
    [
        {"cache_read_input_tokens": 965_602, "cache_creation_input_tokens": 225},
        {"prompt_tokens_details": {"cached_tokens": 965_602, "cache_creation_tokens": 225}},
        {"prompt_tokens_details": {"cached_tokens": 965_602, "cache_write_tokens": 225}},
    ],
)
def test_tokens_of_a_cache_are_apart_from_those_of_the_prompt(usage: dict[str, object]) -> None:
    # Public case 12: the prompt's tokens contain those of the cache
    call = call_of(prompt_tokens=965_828, completion_tokens=82, total_tokens=965_910, metadata={"usage_object": usage})
    assert call.tokens == Tokens(prompt=1, cache_read=965_602, cache_write=225, completion=82)


def test_reasoning_and_sound_are_apart_from_text() -> None:
    usage = {
        "prompt_tokens_details": {
            "cached_tokens": 30,
            "audio_tokens": 50,
            "cached_tokens_details": {"audio_tokens": 20},
        },
        "completion_tokens_details": {"reasoning_tokens": 64, "audio_tokens": 9, "text_tokens": 7},
    }
    call = call_of(prompt_tokens=100, completion_tokens=80, total_tokens=180, metadata={"usage_object": usage})
    assert call.tokens == Tokens(prompt=40, cache_read=30, audio_input=30, completion=7, reasoning=64, audio_output=9)


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens_details": {"text_tokens": -3_327}},
        {"prompt_tokens_details": None, "completion_tokens_details": None},
        {"completion_tokens_details": {"reasoning_tokens": None, "audio_tokens": None}},
    ],
)
def test_details_that_are_not_used_do_not_matter(usage: dict[str, object]) -> None:
    assert call_of(metadata={"usage_object": usage}).tokens == Tokens(prompt=3, completion=2)


def test_sound_that_a_provider_also_counts_as_cached_is_only_counted_there() -> None:
    # A provider that counts all sound, cached or not, and does not tell how much of the cache is sound
    call = call_of(metadata=input_details(cached_tokens=2, audio_tokens=3))
    assert call.tokens == Tokens(cache_read=2, audio_input=1, completion=2)


def test_a_failure_is_told_as_one() -> None:
    assert call_of(status="failure").failed


@pytest.mark.parametrize(
    ("api_key", "form"),
    [
        ("ab" * 32, KeyForm.HASH),
        ("", KeyForm.MISSING),
        (None, KeyForm.MISSING),
        ("litellm_proxy_master_key", KeyForm.OF_LITELLM),
        ("litellm-internal-health-check", KeyForm.OF_LITELLM),
        ("cli-session-1234", KeyForm.SESSION),
        ("hashed-jwt-" + "ab" * 32, KeyForm.SESSION),
        ("alices-key", KeyForm.NAME),
        ("AB" * 32, KeyForm.NAME),
    ],
)
def test_the_form_of_a_key_is_told(api_key: str | None, form: KeyForm) -> None:
    read = read_row(row(api_key=api_key))
    assert isinstance(read, LoggedRow)
    assert read.key_form is form


def test_the_id_of_a_response_names_the_answer_of_the_provider() -> None:
    # LiteLLM writes the id of an answer to /v1/responses with the provider and the deployment
    inner = base64.b64encode(b"litellm:custom_llm_provider:openai;model_id:m-1;response_id:chatcmpl-1").decode()
    assert upstream_id(f"resp_{inner}") == "chatcmpl-1"
    assert upstream_id("chatcmpl-1") == "chatcmpl-1"
    assert upstream_id("batch_1_batch_cost") == "batch_1"


def test_an_answer_from_the_cache_is_an_answer_of_its_own() -> None:
    assert call_of(request_id="chatcmpl-1_cache_hit1795514400.5").upstream_id is None


def test_a_row_keeps_its_identity_whenever_it_is_read() -> None:
    first, second = (read_row(row(total_tokens=9)), read_row(row(total_tokens=9)))
    other = read_row(row(total_tokens=9, request_id="another"))
    assert isinstance(first, SetAside)
    assert isinstance(second, SetAside)
    assert isinstance(other, SetAside)
    assert first.identity == second.identity != other.identity


@pytest.mark.parametrize("thing", [None, "text", 7, [], ["row"]])
def test_what_is_no_object_is_set_aside(thing: object) -> None:
    read = read_row(thing)
    assert isinstance(read, SetAside)
    assert read.reason == Reason.FORM_UNKNOWN


@given(st.sampled_from(sorted(row())), JSON)
def test_no_value_of_any_field_makes_reading_fail(name: str, value: object) -> None:
    read = read_row(row(**{name: value}))
    assert isinstance(read, LoggedRow | SetAside)
    if isinstance(read, LoggedRow):
        assert read.call.tokens.total == row(**{name: value})["total_tokens"]


def test_numbers_of_any_length_do_not_make_a_page_unreadable() -> None:
    assert parsed('{"a": ' + "9" * 5_000 + "}") == {"a": "9" * 5_000}


def test_fields_of_a_row_can_be_replaced_before_it_is_read() -> None:
    read = changed_row(json.dumps(row(request_id=None)), {"request_id": "told-by-a-person"})
    assert isinstance(read, LoggedRow)
    assert read.call.request_id == "told-by-a-person"
    with pytest.raises(ValueError, match="JSON object"):
        changed_row("[]", {})


def test_rows_that_litellm_wrote_of_every_kind_of_call_are_read_by_kind() -> None:
    # Given rows that the real proxy wrote of chat with sound and reasoning, responses, Anthropic's cache, images,
    # speech, transcription by the second and by the token, and a search
    rows = map(read_row, recorded("spend_logs_of_kinds")["data"])
    calls = [read.call for read in rows if isinstance(read, LoggedRow)]
    # When they are read, Then each kind is where it belongs
    of_chat = Tokens(prompt=40, cache_read=30, audio_input=30, completion=7, reasoning=64, audio_output=9)
    cached = Tokens(prompt=1, cache_read=965_602, cache_write=225, reasoning=82)
    by_model = {(call.call_type, call.model): call for call in calls}
    assert len(calls) == 14
    assert by_model["acompletion", "gpt-4o"].tokens == of_chat
    assert by_model["acompletion", "claude-sonnet-4-5"].tokens == cached
    assert by_model["anthropic_messages", "claude-sonnet-4-5"].tokens == cached
    assert by_model["aresponses", "o3"].tokens == Tokens(prompt=70, cache_read=30, completion=16, reasoning=64)
    assert by_model["atranscription", "gpt-4o-transcribe"].tokens == Tokens(audio_input=14, completion=45)
    assert by_model["atranscription", "whisper-1"].units == Units(milliseconds=3_000)
    assert by_model["aimage_generation", "dall-e-3"].units == Units(images=2)
    assert by_model["acompletion", "my-cheap-alias"].base_model == "openai/gpt-4o"
    assert by_model["aspeech", "tts-1"].cost_nanousd == 150_000


def test_what_litellm_wrote_is_charged_by_the_book_of_its_cost_map() -> None:
    # Given the same rows and the book with a margin of a fifth
    book = PriceBook.model_validate_json(LITELLMS_BOOK.read_bytes())
    for read in map(read_row, recorded("spend_logs_of_kinds")["data"]):
        assert isinstance(read, LoggedRow)
        call = read.call
        # When they are rated
        rated = rate(book, call)
        # Then none is free, none costs the user less than the operator, and only images of no known size have no price
        if (call.model, call.cost_nanousd) == ("dall-e-3", 0):
            assert rated is None
        elif call.tokens.cache_write == 0:  # LiteLLM charges a cache of an hour more
            assert rated is not None
            assert rated >= (call.cost_nanousd or 0) * 1_200, call.model


@pytest.mark.parametrize("seconds", [-1, "3", 10**7, True])
def test_a_length_that_cannot_be_is_not_believed(seconds: object) -> None:
    read = read_row(row(metadata={"usage_object": {"type": "duration", "seconds": seconds}}))
    assert isinstance(read, SetAside)
    assert read.reason == Reason.METADATA_UNREADABLE


@pytest.mark.parametrize(("seconds", "milliseconds"), [(3, 3_000), (4.25, 4_250), (0.0009, 0), (7.9999, 7_999)])
def test_a_length_is_whole_milliseconds(seconds: float, milliseconds: int) -> None:
    call = call_of(metadata={"usage_object": {"type": "duration", "seconds": seconds}})
    assert call.units == Units(milliseconds=milliseconds)
