"""A single call in a statement: its leaf, byte for byte, and the proof that leads from it to the usage root."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flareflow.keccak import keccak256
from flareflow.metering.calls import Tokens, Units
from flareflow.metering.usage_events import UsageEvent
from flareflow.statements.events import EventProof, event_hash, event_text, events_tree
from flareflow.statements.models import PageKind, Statement
from flareflow.statements.reading import read_index
from tests.unit.statements.sealing import Sealing

STARTED = datetime(2026, 11, 24, 12, 0, 0, 250_000, tzinfo=UTC)
EVENT = UsageEvent(
    subscription_id=7,
    event_id="0192-ff",
    key_hash="ab" * 32,
    call_type="acompletion",
    model='grün "4"\n',
    base_model="azure/gpt-4o",
    tokens=Tokens(prompt=10, completion=2**60),
    units=Units(images=3),
    rated_microtokens=2**70,
    price_book_hash=bytes.fromhex("cd" * 32),
    cost_nanousd=5,
    started_at=STARTED,
    ended_at=STARTED + timedelta(seconds=2),
)
TEXT = (
    '{"version":"flareflow-event/1","subscription_id":"7","event_id":"0192-ff",'
    f'"key_hash":"{"ab" * 32}","call_type":"acompletion",'
    '"model":"gr\\u00fcn \\"4\\"\\n","base_model":"azure/gpt-4o",'
    '"tokens":{"prompt":"10","completion":"1152921504606846976"},"units":{"images":"3"},'
    f'"rated_microtokens":"1180591620717411303424","cost_nanousd":"5","price_book_hash":"0x{"cd" * 32}",'
    '"started_at":"2026-11-24T12:00:00.250000Z","ended_at":"2026-11-24T12:00:02.250000Z"}'
)


def test_the_text_of_an_event_is_fixed_for_ever() -> None:
    assert event_text(EVENT) == TEXT


def test_no_text_can_be_taken_for_a_pair_of_nodes() -> None:
    # Given a text that is as long as two nodes
    two_nodes = "n" * 64
    # Then its leaf is not what two nodes hash to
    assert event_hash(two_nodes) == keccak256(keccak256(two_nodes.encode()))
    assert event_hash(two_nodes) != keccak256(two_nodes.encode())


def test_the_order_in_which_events_are_read_does_not_matter() -> None:
    texts = [f"event {number}" for number in range(5)]
    assert events_tree(texts).root == events_tree(reversed(texts)).root


@pytest.fixture
def sealing() -> Sealing:
    return Sealing()


def sealed_with_seven_calls(sealing: Sealing) -> tuple[Statement, list[str]]:
    """A statement in which subscription 300 has seven calls, and their texts."""
    for number in range(7):
        sealing.count(300, 10 + number)
    for subscription_id in (1, 2, 600, 900):
        sealing.count(subscription_id, 1)
    statement = sealing.seal()
    events = sealing.usage.events(statement.epoch, [300])[300]
    return statement, [event_text(event) for event in events]


def prove(sealing: Sealing, statement: Statement, texts: list[str], number: int) -> EventProof:
    index = read_index(sealing.documents, statement, PageKind.USAGE)
    (page,) = [page for page in sealing.usage_pages(statement) if page.number == 1]
    return EventProof.of(texts[number], texts, page, index)


@pytest.mark.parametrize("number", range(7))
def test_each_call_is_proven_to_be_in_the_statement(sealing: Sealing, number: int) -> None:
    # Given a statement with several subscriptions and calls
    statement, texts = sealed_with_seven_calls(sealing)
    # When one call is proven
    totals = prove(sealing, statement, texts, number).check(statement)
    # Then the proof leads to the totals that contain it
    assert (totals.subscription_id, totals.epoch, totals.usage.requests) == (300, statement.epoch, 7)


def changed(field: str, value: str, text: str) -> str:
    return json.dumps(json.loads(text) | {field: value}, separators=(",", ":"))


def test_a_call_that_was_changed_is_not_proven(sealing: Sealing) -> None:
    statement, texts = sealed_with_seven_calls(sealing)
    proof = prove(sealing, statement, texts, 3)
    for field, value in (("rated_microtokens", "1"), ("event_id", "other"), ("model", "gpt-5"), ("key_hash", "ab")):
        with pytest.raises(ValueError, match="does not lead to the events root"):
            replace(proof, event=changed(field, value, proof.event)).check(statement)


def test_a_call_is_not_proven_for_another_subscription(sealing: Sealing) -> None:
    statement, texts = sealed_with_seven_calls(sealing)
    proof = prove(sealing, statement, texts, 3)
    for subscription_id in ("1", "301", "900"):
        with pytest.raises(ValueError, match="has no subscription"):
            replace(proof, event=changed("subscription_id", subscription_id, proof.event)).check(statement)


def test_a_page_that_was_changed_proves_nothing(sealing: Sealing) -> None:
    statement, texts = sealed_with_seven_calls(sealing)
    proof = prove(sealing, statement, texts, 3)
    with pytest.raises(ValueError, match="does not lead to the usage root"):
        replace(proof, page=proof.page.replace("300 1000 ", "300 1001 ")).check(statement)
    with pytest.raises(ValueError, match="does not lead to the usage root"):
        replace(proof, page_path=proof.page_path[1:]).check(statement)


def test_a_call_of_a_statement_is_not_proven_by_the_next_one(sealing: Sealing) -> None:
    statement, texts = sealed_with_seven_calls(sealing)
    proof = prove(sealing, statement, texts, 3)
    sealing.count(300, 1)
    later = sealing.seal()
    with pytest.raises(ValueError, match="does not lead to the usage root"):
        proof.check(later)


def test_the_sums_over_the_events_are_what_the_totals_grew_by(sealing: Sealing) -> None:
    statement, texts = sealed_with_seven_calls(sealing)
    rated = sum(int(json.loads(text)["rated_microtokens"]) for text in texts)
    assert sealing.totals(statement)[300].usage.rated_microtokens == rated


def test_what_is_no_event_of_the_epoch_has_no_proof(sealing: Sealing) -> None:
    statement, texts = sealed_with_seven_calls(sealing)
    index = read_index(sealing.documents, statement, PageKind.USAGE)
    (page,) = [page for page in sealing.usage_pages(statement) if page.number == 1]
    with pytest.raises(ValueError, match="not in list"):
        EventProof.of("another", texts, page, index)
