"""Each row is billed once, listed as not billed, or set aside with its reason, whatever its key and its call type."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import pytest

from flareflow.metering.call_types import Billing, known_call_types
from flareflow.metering.calls import LoggedCall, SetAside, Tokens
from flareflow.metering.opening import of_tally
from flareflow.metering.rows import KeyForm, LoggedRow, Reading, SpendPage, bucket_of
from flareflow.metering.sorting import Seen, SortRows
from flareflow.metering.usage_events import Difference, DifferenceKind
from tests.fakes.metering import KEY, NOW, SECOND, FakeKeyDirectory
from tests.fakes.spend_log import FakeCases, FakeRowCounter, logged_call, logged_row

STRANGER = "cd" * 32
FLOOD = 91_083


@dataclass
class Sorting:
    """Rows of one window are sorted, then what was counted only is tallied."""

    keys: FakeKeyDirectory = field(default_factory=FakeKeyDirectory)
    counter: FakeRowCounter = field(default_factory=FakeRowCounter)
    cases: FakeCases = field(default_factory=FakeCases)

    def sort(self, *rows: LoggedRow | LoggedCall, set_aside: tuple[SetAside, ...] = ()) -> Reading:
        readable = tuple(logged_row(row) if isinstance(row, LoggedCall) else row for row in rows)
        return self.sort_pages(SpendPage(readable, set_aside))

    def sort_pages(self, *pages: SpendPage) -> Reading:
        seen, reading = Seen(), Reading()
        sort = SortRows(self.keys, self.counter, self.cases, known_call_types())
        for page in pages:
            reading += sort.run(page, seen, NOW)
        reading += sort.count(seen, NOW)
        self.cases.open([of_tally(tally, NOW) for tally in seen.tallies()])
        return reading


@pytest.fixture
def sorting() -> Sorting:
    return Sorting()


def test_a_row_that_cannot_be_read_is_kept_for_good_and_once(sorting: Sorting) -> None:
    # Given a row that is read at two polls
    unreadable = SetAside("row-1", "total_differs", '{"request_id": "row-1"}', NOW)
    # When it comes twice
    assert sorting.sort(logged_call("good"), set_aside=(unreadable,)) == Reading(seen=2, counted=1, set_aside=1)
    assert sorting.sort(logged_call("good"), set_aside=(unreadable,)) == Reading(seen=2, counted=0, set_aside=0)
    # Then there is one case with the row and the reason
    [case] = sorting.cases.opened.values()
    assert (case.reason, case.body, case.at) == ("total_differs", '{"request_id": "row-1"}', NOW)


def unreadable(name: str) -> SetAside:
    return SetAside(name, "total_differs", "{}", NOW)


def test_cases_are_asked_for_once_for_all_pages(sorting: Sorting) -> None:
    # Given pages that each begin with the last row of the page before, which cannot be read
    pages = [SpendPage(set_aside=(unreadable(f"row-{n}"), unreadable(f"row-{n + 1}"))) for n in range(20)]
    # When they are sorted
    assert sorting.sort_pages(*pages).set_aside == 21
    # Then storage was asked once
    assert (sorting.cases.asked, sorting.cases.writes) == (1, 21)


def test_cases_are_opened_before_their_rows_fill_the_memory(sorting: Sorting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flareflow.metering.sorting.ASIDE_MAX", 10)
    pages = [SpendPage(set_aside=(unreadable(f"row-{2 * n}"), unreadable(f"row-{2 * n + 1}"))) for n in range(11)]
    assert sorting.sort_pages(*pages).set_aside == 22
    assert sorting.cases.asked == 3


@pytest.mark.parametrize(
    ("key", "form", "reason"),
    [
        (STRANGER, KeyForm.HASH, "key_unknown"),
        (hashlib.sha256(KEY.encode()).hexdigest(), KeyForm.HASH, "key_hashed_twice"),
        ("", KeyForm.MISSING, "key_missing"),
        ("litellm_proxy_master_key", KeyForm.OF_LITELLM, "key_of_litellm"),
        ("cli-session-1", KeyForm.SESSION, "key_session"),
        ("alices-key", KeyForm.NAME, "key_name"),
    ],
)
def test_what_is_no_key_of_ours_bills_nobody_and_is_named(
    sorting: Sorting, key: str, form: KeyForm, reason: str
) -> None:
    sorting.sort(replace(logged_row(logged_call("row", key_hash=key)), key_form=form), logged_call("ours"))
    assert sorting.counter.ids == {"ours"}
    assert sorting.cases.reasons() == {reason: 1}


def test_a_flood_of_unknown_keys_costs_a_constant_number_of_writes(sorting: Sorting) -> None:
    # Given as many calls as a scanner made in one report, each with a key of its own, in ten minutes
    calls = [
        logged_call(str(number), key_hash=f"{number:064x}", started_at=NOW - (number % 600) * SECOND)
        for number in range(FLOOD)
    ]
    # When they are sorted, and some of them once more
    sorting.sort(*calls)
    sorting.sort(*calls[:1_000])
    # Then each five minutes have one case with their number and the first few rows
    assert sorting.cases.writes == 3
    assert sorting.cases.reasons() == {"key_unknown": FLOOD}
    assert all(case.body.count("request_id") == 3 for case in sorting.cases.opened.values())


def test_the_text_of_a_row_that_is_only_counted_is_made_for_the_first_few(sorting: Sorting) -> None:
    # Given calls with the keys of others who use the same LiteLLM
    made: list[str] = []
    calls = [logged_call(str(number), key_hash=STRANGER) for number in range(1_000)]
    rows = [replace(logged_row(call), body=partial(_noted, made, call.request_id)) for call in calls]
    # When they are sorted
    sorting.sort(*rows)
    # Then all are counted, and the text of three was made
    assert sorting.cases.reasons() == {"key_unknown": 1_000}
    assert made == ["0", "1", "2"]


def _noted(made: list[str], name: str) -> str:
    made.append(name)
    return "{}"


def test_an_unknown_key_is_looked_up_once_for_all_pages(sorting: Sorting) -> None:
    pages = [SpendPage((logged_row(logged_call(str(number), key_hash=STRANGER)),)) for number in range(20)]
    sorting.sort_pages(*pages)
    assert sorting.keys.lookups == 2


def test_a_key_that_becomes_known_later_is_billed_when_its_row_is_read_again(sorting: Sorting) -> None:
    call = logged_call("early", key_hash=STRANGER)
    sorting.sort(call)
    sorting.keys.known[STRANGER] = 2
    sorting.sort(call)
    assert sorting.counter.tokens(2) == 10


def test_what_only_reads_is_not_billed_and_not_lost(sorting: Sorting) -> None:
    # Given calls that read, poll or manage, which used nothing
    nothing = {"tokens": 0, "cost_nanousd": 0}
    for call_type in ("aget_responses", "aretrieve_batch", "list_mcp_tools", "afile_list"):
        sorting.sort(logged_call(call_type, call_type=call_type, **nothing))  # type: ignore[arg-type]
    # Then nobody is billed, and they are counted
    assert sorting.counter.rows == {}
    assert sorting.cases.reasons() == {"not_billed": 1}
    assert sorting.cases.writes == 1


def test_a_batch_is_billed_once_its_results_cost_something(sorting: Sorting) -> None:
    sorting.sort(logged_call("batch-1_batch_cost", 5_000, call_type="aretrieve_batch", cost_nanousd=9))
    assert sorting.counter.tokens() == 5_000


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (logged_call("odd", call_type="a_new_kind"), "call_type_unknown"),
        (logged_call("odd", call_type=""), "call_type_unknown"),
        (logged_call("odd", call_type="afile_list"), "reading_cost"),
        (logged_call("odd", 0, call_type="afile_list", cost_nanousd=9), "reading_cost"),
        (logged_call("odd", 5_000, call_type="aretrieve_batch", cost_nanousd=None), "reading_cost"),
    ],
)
def test_what_the_book_cannot_decide_waits_for_a_person(sorting: Sorting, call: LoggedCall, reason: str) -> None:
    assert sorting.sort(call).set_aside == 1
    assert (sorting.counter.rows, sorting.cases.reasons()) == ({}, {reason: 1})


def test_two_rows_of_one_answer_are_billed_once_and_reported(sorting: Sorting) -> None:
    # Given an answer to /v1/responses for which LiteLLM asked the provider by /v1/chat/completions, and logged both
    both = [
        logged_call("resp_1", 50, call_type="aresponses", upstream_id="chatcmpl-1"),
        logged_call("chatcmpl-1", 50, call_type="acompletion", upstream_id="chatcmpl-1"),
    ]
    sorting.sort(*both)
    assert sorting.counter.ids == {"resp_1"}
    assert sorting.cases.reasons() == {"double": 1}


@pytest.mark.parametrize(
    "second",
    [
        logged_call("row-2", call_type="acompletion", upstream_id="answer-1"),
        logged_call("row-2", call_type="aresponses", upstream_id="answer-1", key_hash="ef" * 32),
        replace(logged_call("row-2", call_type="aresponses"), upstream_id=None),
    ],
    ids=["a provider that repeats its ids", "another key", "an answer from the cache"],
)
def test_two_answers_with_one_id_are_two_calls(sorting: Sorting, second: LoggedCall) -> None:
    sorting.keys.known["ef" * 32] = 2
    sorting.sort(logged_call("row-1", call_type="acompletion", upstream_id="answer-1"), second)
    assert sorting.counter.ids == {"row-1", "row-2"}


def test_a_failure_is_billed_for_what_it_delivered(sorting: Sorting) -> None:
    # Given a stream of 1,303 tokens that LiteLLM broke off, and an upstream that failed after it had read the prompt
    broken_off = logged_call("broken-off", 1_303, failed=True)
    failed = replace(logged_call("failed", failed=True, cost_nanousd=0), tokens=Tokens(prompt=8))
    sorting.sort(broken_off, failed)
    # Then the tokens of the stream are billed
    assert sorting.counter.tokens() == 1_303
    assert sorting.cases.reasons() == {"answered_nothing": 1}


@pytest.mark.parametrize("output", [Tokens(prompt=8, reasoning=500), Tokens(prompt=8, audio_output=500)])
def test_a_failure_that_delivered_no_text_but_other_output_is_billed(sorting: Sorting, output: Tokens) -> None:
    # Given a model that had only thought, or spoken, when LiteLLM broke the stream off, and that has no cost
    sorting.sort(replace(logged_call("broken-off", failed=True, cost_nanousd=0), tokens=output))
    assert sorting.counter.tokens() == 508


def test_what_counting_reports_becomes_cases(sorting: Sorting) -> None:
    # Given a counter that finds a difference and cannot take a row
    sorting.counter.differences = (Difference(DifferenceKind.TOKENS_DIFFER, 1, "row-1", "10 tokens here, 9 there"),)
    sorting.counter.set_aside = (SetAside("row-2", "total_would_be_negative", "{}"),)
    # When rows are sorted
    sorting.sort(logged_call("row-1"))
    # Then both wait for a person
    assert {case.id for case in sorting.cases.opened.values()} == {
        "difference#tokens_differ#row-1",
        "row#total_would_be_negative#row-2",
    }


def test_every_kind_of_model_call_is_billed() -> None:
    listed = known_call_types()
    billed = (
        *("acompletion", "atext_completion", "aresponses", "anthropic_messages", "aembedding", "aimage_generation"),
        *("aspeech", "atranscription", "arerank", "_arealtime", "amoderation"),
    )
    assert {listed.billing_of(call_type) for call_type in billed} == {Billing.BILLED}
    assert listed.billing_of("aretrieve_batch") is Billing.BILLED_WHEN_THEY_COST
    assert listed.billing_of("aget_responses") is Billing.BILLED_WHEN_THEY_COST
    assert listed.billing_of("list_mcp_tools") is Billing.NOT_BILLED
    assert listed.billing_of("unheard_of") is None


def test_a_bucket_is_five_minutes_from_the_full_hour() -> None:
    assert bucket_of(NOW + timedelta(minutes=4, seconds=59)) == NOW
    assert bucket_of(NOW + timedelta(minutes=5)) == NOW + timedelta(minutes=5)
