"""An operator lists open cases, bills a row after all, writes it off, or has it read again."""

import json
from datetime import timedelta

import pytest
from pydantic import ValidationError

from flareflow.adapters.litellm.rows import changed_row
from flareflow.errors import ConflictError, InvalidRequestError, NotFoundError
from flareflow.metering.calls import SetAside
from flareflow.metering.cases import Case, CaseKind, Decision, Verdict
from flareflow.metering.commands import BookPut, Operator, ReceiptKeysPut, run
from flareflow.metering.deciding import LISTED_CHARACTERS, DecideCases
from flareflow.metering.opening import of_row
from flareflow.metering.price_book import Price, PriceBook
from tests.fakes.metering import EVEN_BOOK, KEY, NOW, FakePriceBooks, FakeReceiptKeys
from tests.fakes.spend_log import logged_call
from tests.unit.metering.test_polling import MINUTE, Metering

ALICE = {"who": "alice", "why": "asked LiteLLM's database"}


def row(**changed: object) -> dict[str, object]:
    return {
        "request_id": "answer-1",
        "call_type": "acompletion",
        "api_key": KEY,
        "prompt_tokens": 20,
        "completion_tokens": 10,
        "total_tokens": 30,
        "startTime": "2026-11-24T09:58:00Z",
        "endTime": "2026-11-24T09:58:01Z",
        "metadata": {},
        **changed,
    }


def case_of(body: str, reason: str = "total_differs") -> Case:
    return of_row(SetAside("row-1", reason, body, NOW), NOW)


def deciding(metering: Metering) -> DecideCases:
    sort = metering.read_slice.sort_rows
    return DecideCases(metering.cases, sort, changed_row, metering.progress, metering.slices)


def operator(metering: Metering) -> Operator:
    return Operator(deciding(metering), FakePriceBooks(), FakeReceiptKeys())


@pytest.fixture
def metering() -> Metering:
    metering = Metering()
    metering.cases.open([case_of(json.dumps(row(total_tokens=31)))])
    return metering


CASE = "row#total_differs#row-1"


def test_a_row_is_billed_with_what_the_operator_corrected(metering: Metering) -> None:
    # Given a row whose total is not the sum
    command = {"command": "bill", "case": CASE, "row": {"total_tokens": 30}, **ALICE}
    # When the operator corrects it, also twice
    for _ in range(2):
        run(operator(metering), command, NOW)
    # Then it is billed once, and it is known who decided, and why
    assert metering.counter.tokens() == 30
    assert metering.cases.opened == {}
    decided = metering.cases.decided[CASE].decision
    assert decided == Decision(Verdict.BILLED, "alice", "asked LiteLLM's database", NOW)


def test_a_row_that_is_still_nobodys_stays_open(metering: Metering) -> None:
    for changed, reason in (({}, "total_differs"), ({"total_tokens": 30, "api_key": "cd" * 32}, "key_unknown")):
        with pytest.raises(InvalidRequestError, match=reason):
            run(operator(metering), {"command": "bill", "case": CASE, "row": changed, **ALICE}, NOW)
    assert (metering.counter.rows, list(metering.cases.opened)) == ({}, [CASE])


def test_a_row_that_was_written_off_is_not_opened_again_by_the_next_poll(metering: Metering) -> None:
    run(operator(metering), {"command": "write_off", "case": CASE, **ALICE}, NOW)
    assert metering.cases.open([case_of("{}")]) == 0
    assert metering.cases.decided[CASE].decision == Decision(
        Verdict.WRITTEN_OFF, "alice", "asked LiteLLM's database", NOW
    )


def test_what_was_written_off_is_not_billed(metering: Metering) -> None:
    run(operator(metering), {"command": "write_off", "case": CASE, **ALICE}, NOW)
    with pytest.raises(ConflictError, match="written_off by alice"):
        run(operator(metering), {"command": "bill", "case": CASE, "row": {"total_tokens": 30}, **ALICE}, NOW)
    assert metering.counter.rows == {}


GIVEN_BACK = "cd" * 32
DIFFERENCE = Case(CaseKind.DIFFERENCE, "billed_twice", "row-9", NOW, "two rows are one call", subscription_id=7)


def test_a_difference_is_decided_by_a_credit_on_the_chain_that_the_case_names(metering: Metering) -> None:
    # Given a call that was billed twice, and its customer got one back
    metering.cases.open([DIFFERENCE])
    command = {"command": "credit", "case": DIFFERENCE.id, "transaction": GIVEN_BACK, **ALICE}
    # When the operator says so, also twice
    for _ in range(2):
        run(operator(metering), command, NOW)
    # Then the case has the transaction, and no other credit can be named, nor can it be written off
    decision = metering.cases.decided[DIFFERENCE.id].decision
    assert decision == Decision(Verdict.CREDITED, "alice", "asked LiteLLM's database", NOW, GIVEN_BACK)
    for other in (command | {"transaction": "ab" * 32}, {"command": "write_off", "case": DIFFERENCE.id, **ALICE}):
        with pytest.raises(ConflictError, match="credited by alice"):
            run(operator(metering), other, NOW)


def test_a_row_that_nobody_has_paid_for_is_not_credited(metering: Metering) -> None:
    command = {"command": "credit", "case": CASE, "transaction": GIVEN_BACK, **ALICE}
    with pytest.raises(InvalidRequestError, match="nobody has paid"):
        run(operator(metering), command, NOW)
    with pytest.raises(ValidationError):
        run(operator(metering), command | {"transaction": "the one of yesterday"}, NOW)
    assert list(metering.cases.opened) == [CASE]


def test_a_row_is_driven_again_as_it_is(metering: Metering) -> None:
    # Given a row that was set aside by a price book which did not know its call type yet
    metering.cases.open([case_of(json.dumps(row()), "call_type_unknown")])
    # When it is driven again
    run(operator(metering), {"command": "drive_again", "case": "row#call_type_unknown#row-1", "who": "alice"}, NOW)
    # Then it is billed
    assert metering.counter.tokens() == 30


def test_rows_of_a_key_that_was_late_are_billed_by_driving_their_tally_again(metering: Metering) -> None:
    # Given two rows of keys that are unknown, of which one becomes known
    metering.litellm.calls = [
        logged_call("honest", key_hash="ef" * 32, started_at=NOW - 3 * MINUTE),
        logged_call("stranger", key_hash="cd" * 32, started_at=NOW - 3 * MINUTE),
    ]
    metering.poll()
    [tally] = [case for case in metering.cases.opened.values() if case.kind is CaseKind.TALLY]
    assert tally.count == 2
    metering.keys.known["ef" * 32] = 7
    # When the tally is driven again
    run(operator(metering), {"command": "drive_again", "case": tally.id, "who": "alice"}, NOW)
    assert metering.slices.sent[0].window.start == NOW - 5 * MINUTE
    metering.read_slices()
    # Then the one is billed, and the other is what is left of the tally
    assert metering.counter.tokens(7) == 10
    assert metering.cases.opened[tally.id].count == 1


def test_rows_of_a_tally_are_not_billed_one_by_one(metering: Metering) -> None:
    metering.litellm.calls = [logged_call("stranger", key_hash="cd" * 32)]
    metering.poll()
    [tally] = [case for case in metering.cases.opened.values() if case.kind is CaseKind.TALLY]
    with pytest.raises(InvalidRequestError, match="reading them again"):
        run(operator(metering), {"command": "bill", "case": tally.id, **ALICE}, NOW)


def test_cases_are_listed_in_order_from_any_of_them_with_the_beginnings_of_their_rows(metering: Metering) -> None:
    long = json.dumps(row(model="m" * 1_000))
    metering.cases.open([of_row(SetAside(f"row-{n}", "total_differs", long, NOW), NOW) for n in (2, 3)])
    listed = run(operator(metering), {"command": "list", "after": CASE}, NOW)
    assert [case.identity for case in listed] == ["row-2", "row-3"]  # type: ignore[union-attr]
    assert {len(case.body) for case in listed} == {LISTED_CHARACTERS}  # type: ignore[union-attr]
    shown = run(operator(metering), {"command": "show", "case": "row#total_differs#row-3"}, NOW)
    assert shown == of_row(SetAside("row-3", "total_differs", long, NOW), NOW)


def test_a_case_that_does_not_exist_is_not_found(metering: Metering) -> None:
    for command in ("show", "write_off", "bill", "drive_again"):
        event = {"command": command, "case": "row#total_differs#none"}
        event |= {} if command == "show" else {"who": "alice"}
        event |= {"why": "because"} if command in {"write_off", "bill"} else {}
        with pytest.raises(NotFoundError):
            run(operator(metering), event, NOW)


def test_a_row_whose_text_was_cut_off_cannot_be_billed_as_it_is(metering: Metering) -> None:
    metering.cases.open([case_of('{"request_id": "ans', "form_unknown")])
    with pytest.raises(InvalidRequestError, match="no JSON object"):
        run(operator(metering), {"command": "bill", "case": "row#form_unknown#row-1", **ALICE}, NOW)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"command": "delete"},
        {"command": "write_off", "case": CASE},
        {"command": "write_off", "case": CASE, "who": "", "why": "because"},
        {"command": "write_off", "case": CASE, "who": "alice", "why": ""},
        {"command": "list", "limit": 5},
    ],
)
def test_a_command_without_who_and_why_is_refused(metering: Metering, event: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        run(operator(metering), event, NOW + timedelta(0))
    assert list(metering.cases.opened) == [CASE]


def test_a_price_book_is_put_in_force_from_an_epoch_on(metering: Metering) -> None:
    books = FakePriceBooks()
    book = PriceBook(version=2, title="", models={}, default=Price(prompt=2, completion=2))
    command = {"command": "put_price_book", "book": json.loads(book.canonical_json), "from_epoch": 12, "who": "alice"}
    answer = run(Operator(deciding(metering), books, FakeReceiptKeys()), command, NOW)
    assert answer == BookPut(book.hash, 12)
    assert [books.in_force(epoch).hash for epoch in (11, 12)] == [EVEN_BOOK.hash, book.hash]


@pytest.mark.parametrize("changed", [{"book": {"models": {}}}, {"from_epoch": 0}, {"from_epoch": "12"}, {"who": ""}])
def test_a_price_book_that_cannot_be_is_not_put_in_force(metering: Metering, changed: dict[str, object]) -> None:
    command = {"command": "put_price_book", "book": json.loads(EVEN_BOOK.canonical_json), "from_epoch": 12, "who": "a"}
    with pytest.raises(ValidationError):
        run(operator(metering), command | changed, NOW)


KEY_OF_RECEIPTS = {"kty": "EC", "crv": "P-256", "x": "x" * 43, "y": "y" * 43, "kid": "k" * 43, "valid_from_epoch": 12}
PUT_KEYS: dict[str, object] = {
    "command": "put_receipt_keys",
    "receipt_keys": {"keys": [KEY_OF_RECEIPTS]},
    "from_epoch": 12,
    "who": "alice",
}


def test_keys_of_receipts_are_put_in_force_from_an_epoch_on(metering: Metering) -> None:
    register = FakeReceiptKeys()
    answer = run(Operator(deciding(metering), FakePriceBooks(), register), PUT_KEYS, NOW)
    keys = register.in_force(12)
    assert keys is not None
    assert answer == ReceiptKeysPut(keys.hash, 12)
    assert register.in_force(11) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"receipt_keys": {"keys": []}},
        {"receipt_keys": {"keys": [KEY_OF_RECEIPTS, KEY_OF_RECEIPTS]}},
        {"receipt_keys": {"keys": [KEY_OF_RECEIPTS | {"d": "private"}]}},
        {"receipt_keys": {"keys": [KEY_OF_RECEIPTS | {"crv": "P-384"}]}},
        {"receipt_keys": {"keys": [KEY_OF_RECEIPTS | {"valid_from_epoch": -1}]}},
        {"from_epoch": "12"},
        {"who": ""},
    ],
)
def test_keys_that_cannot_be_are_not_put_in_force(metering: Metering, changed: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        run(operator(metering), PUT_KEYS | changed, NOW)
