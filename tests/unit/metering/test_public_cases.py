"""Cases that were reported in public about software like this: what each must come to here.

Each is what the gate and the spend log tell once a caller's tricks have passed the gate. Where LiteLLM lost a row, the
gate's record alone bills the call.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from flareflow.metering.calls import Tokens
from flareflow.metering.models import LiveTotals
from flareflow.metering.price_book import PriceBook, Used
from flareflow.metering.usage_events import OwnedRecord, OwnedRow
from tests.fakes.metering import KEY, NOW, FakePriceBooks, FakeUsageEvents, record, row, swept

GRACE = timedelta(minutes=30)
PREMIUM, ECONOMY = 1_500_000, 800_000
OTHER_KEY = "cd" * 32


@pytest.fixture
def usage() -> FakeUsageEvents:
    return FakeUsageEvents(epoch=1, books=FakePriceBooks({0: PriceBook.load()}))


def row_of(model: str, one: OwnedRow) -> OwnedRow:
    return replace(one, call=replace(one.call, model=model))


def record_of(model: str, one: OwnedRecord) -> OwnedRecord:
    return replace(one, call=replace(one.call, model=model, answered_by=None))


def test_01_a_call_that_litellm_does_not_log_is_billed_by_the_gates_record(usage: FakeUsageEvents) -> None:
    recorded = record_of("claude-3-opus", record("gate-1", Tokens(prompt=3, completion=5000)))
    usage.record([recorded], NOW)
    assert swept(usage, NOW, 10, NOW + GRACE).counted == 1
    assert (usage.live(1).counted.tokens, usage.live(1).counted.rated_microtokens) == (5003, 7_504_500_000)


def test_02_one_call_id_for_all_calls_of_a_key_bills_each(usage: FakeUsageEvents) -> None:
    # Given no gate, so that the caller has chosen the call id
    rows = [
        row_of("gpt-4o", row(f"chatcmpl-{tokens}", Tokens(prompt=3, completion=tokens), call_id="attack-1"))
        for tokens in (5, 1000, 2000)
    ]
    usage.count(rows, NOW)
    counted = usage.live(1).counted
    assert (counted.requests, counted.tokens, counted.rated_microtokens) == (3, 3014, 4_521_000_000)


def test_03_one_call_id_for_two_subscriptions_bills_each_its_own(usage: FakeUsageEvents) -> None:
    for number in range(5):
        usage.record([record(f"X-{number}", Tokens(prompt=2, completion=8000))], NOW)
        usage.record(
            [record(f"X-{number}", Tokens(prompt=3, completion=1), subscription_id=2, key_hash=OTHER_KEY)], NOW
        )
        mine = row(f"a-{number}", Tokens(prompt=2, completion=8000), call_id=f"X-{number}")
        yours = Tokens(prompt=3, completion=1)
        theirs = row(f"b-{number}", yours, call_id=f"X-{number}", subscription_id=2, key_hash=OTHER_KEY)
        usage.count([theirs, mine], NOW)
    assert usage.live(1) == LiveTotals(counted=usage.live(1).counted)
    assert usage.live(2) == LiveTotals(counted=usage.live(2).counted)
    assert (usage.live(1).counted.tokens, usage.live(2).counted.tokens) == (40_010, 20)


def test_08_a_call_longer_than_the_look_back_is_billed(usage: FakeUsageEvents) -> None:
    # Given a call of a hundred minutes, whose record comes when it ends
    started_at, took = NOW - timedelta(minutes=100), timedelta(minutes=100)
    long = Tokens(prompt=4, completion=80)
    usage.record([record_of("gpt-4o", record("gate-1", long, started_at=started_at, took=took))], NOW)
    # When no window has found its row, Then it is billed all the same
    swept(usage, NOW + GRACE, 10, NOW + 2 * GRACE)
    assert usage.live(1).counted.rated_microtokens == 126_000_000
    # And a wider window that finds it later adds nothing
    late = row("a", long, call_id="gate-1", started_at=started_at, took=took)
    usage.count([late], NOW + 3 * GRACE)
    assert usage.live(1).counted.tokens == 84


@pytest.mark.parametrize("age", [timedelta(minutes=30), timedelta(seconds=90), timedelta(days=3)])
def test_09_a_late_row_is_billed_when_it_is_read(usage: FakeUsageEvents, age: timedelta) -> None:
    usage.count([row("other", Tokens(), cost_nanousd=0)], NOW)
    late = row_of("gpt-4o", row("late-1", Tokens(prompt=10, completion=20), call_id="late-1", started_at=NOW - age))
    for _ in range(2):
        usage.count([late], NOW)
    assert usage.live(1).counted.rated_microtokens == 45_000_000


def test_10_a_row_without_a_usable_cost_bills_its_tokens(usage: FakeUsageEvents) -> None:
    one = row_of("gpt-4o", row("neg-1", Tokens(prompt=1244, completion=88), cost_nanousd=None))
    usage.count([one], NOW)
    counted = usage.live(1).counted
    assert (counted.tokens, counted.rated_microtokens, counted.cost_nanousd) == (1332, 1_998_000_000, 0)


def test_14_calls_whose_rows_litellm_has_dropped_are_billed_by_their_records(usage: FakeUsageEvents) -> None:
    # Given two embeddings and three chats, of each of which LiteLLM has kept only the first row
    embeddings = [Tokens(prompt=3), Tokens(prompt=3000)]
    chats = [Tokens(prompt=2, completion=completion) for completion in (3, 500, 900)]
    usage.record([record(f"e-{n}", tokens) for n, tokens in enumerate(embeddings)], NOW)
    usage.record([record(f"c-{n}", tokens) for n, tokens in enumerate(chats)], NOW)
    usage.count([row("emb", embeddings[0], call_id="e-0"), row("chatcmpl-same1", chats[0], call_id="c-0")], NOW)
    # When the grace is over
    swept(usage, NOW, 10, NOW + GRACE)
    # Then every token is billed
    assert usage.live(1).counted.tokens == 3003 + 1409


def test_16_rows_without_a_call_id_are_billed(usage: FakeUsageEvents) -> None:
    tokens = Tokens(prompt=10, completion=20)
    usage.count([row("n-1", tokens, call_id=None), row("n-2", tokens, call_id="n-2")], NOW)
    assert usage.live(1).counted.tokens == 60
    assert {event.key_hash for event in usage.by_epoch[1, 1]} == {KEY}


@pytest.mark.parametrize(
    ("model", "base_model", "weight"),
    [
        ("openai/gpt-4o", None, PREMIUM),
        ("gpt-4o-2024-08-06", None, PREMIUM),
        ("gpt-4-0613", None, PREMIUM),
        ("openai/gpt-4-0613", None, PREMIUM),
        ("claude-3-opus-20240229", None, PREMIUM),
        ("my-cheap-alias", "openai/gpt-4o", PREMIUM),
        ("gpt-4o-mini", None, ECONOMY),
        ("gpt-5-nano", None, ECONOMY),
    ],
)
def test_11_no_spelling_of_a_model_is_cheaper(model: str, base_model: str | None, weight: int) -> None:
    assert (
        PriceBook.load().price(model, base_model).rate(Used(Tokens(prompt=1_000, completion=1_000))) == 2_000 * weight
    )


@pytest.mark.parametrize(("model", "cost_nanousd"), [("gpt-5-pro", 135_000_000), ("openai/o1-pro", 750_000_000)])
def test_11_a_model_that_the_book_does_not_name_is_charged_by_its_cost_and_told(
    usage: FakeUsageEvents, model: str, cost_nanousd: int
) -> None:
    called = row_of(model, row("a", Tokens(prompt=1_000, completion=1_000), cost_nanousd=cost_nanousd))
    report = usage.count([called], NOW)
    assert report.by_default == {model}
    assert usage.live(1).counted.rated_microtokens == cost_nanousd * 1_000 > 2_000 * PREMIUM


def test_12_a_token_from_the_cache_weighs_a_tenth(usage: FakeUsageEvents) -> None:
    told = Tokens(prompt=1, cache_read=965_602, cache_write=225, completion=82)
    named = row_of("claude-3-5-sonnet", row("a", told, cost_nanousd=291_757_350))
    usage.count([named], NOW)
    assert usage.live(1).counted.rated_microtokens == 96_868_200_000
