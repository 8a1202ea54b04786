"""The canonical texts, byte for byte: what is hashed here is hashed by Flare, by the contract and by strangers."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.attestation.request import ATTESTED_FIELDS
from flareflow.errors import BrokenRuleError
from flareflow.statements.models import PAGE_SUBSCRIPTIONS_MAX, SettlementPage, Statement

CONTRACT = "A.f8d6e0586b0a20c7.UsageBasedSubscriptions"
STATEMENT = Statement(
    epoch=5_984_400,
    window_start=1_795_320_000,
    window_end=1_795_320_300,
    usage_root=bytes.fromhex("11" * 32),
    settlement_root=bytes.fromhex("2a" * 32),
    subscription_count=3,
    total_rated_microtokens=184_467_440_737_095_516_150,
    price_book_hash=bytes.fromhex("ab" * 32),
    receipt_key_hash=bytes.fromhex("cd" * 32),
    meter_hash=bytes.fromhex("ef" * 32),
    previous_statement_hash=bytes(32),
)
BODY = (
    '{"version":"flareflow-statement/1",'
    '"epoch":"5984400","window_start":"1795320000","window_end":"1795320300",'
    f'"usage_root":"0x{"11" * 32}","settlement_root":"0x{"2a" * 32}","subscription_count":"3",'
    f'"total_rated_microtokens":"184467440737095516150","price_book_hash":"0x{"ab" * 32}",'
    f'"receipt_key_hash":"0x{"cd" * 32}","meter_hash":"0x{"ef" * 32}",'
    f'"previous_statement_hash":"0x{"00" * 32}"' + "}"
)
HASH = "35fbc8c67dd8ac911607fa1573eab56232fc18750eb29e46db92f98e2c9c4cd5"
PAGE_TEXT = f"flareflow-page/1 {CONTRACT} epoch 7 page 0\n1:1500000\n20:18446744073709551615"
PAGE_HASH = "b9a7beb6b76e7ffb786dfccac88d4695e8f2070cbc47400799da17114e3ed90e"

hashes = st.binary(min_size=32, max_size=32)
numbers = st.integers(0, 2**64 - 1)
statements = st.builds(
    Statement, numbers, numbers, numbers, hashes, hashes, numbers, st.integers(0, 2**256 - 1), *[hashes] * 4
)


def test_the_body_and_hash_of_a_statement_are_fixed_for_ever() -> None:
    assert STATEMENT.body == BODY
    assert STATEMENT.hash.hex() == HASH


@given(statements)
def test_a_statement_is_read_back_from_its_body(statement: Statement) -> None:
    assert Statement.parse(statement.body) == statement


def test_the_attested_words_are_the_fields_in_the_order_of_the_attested_tuple() -> None:
    written = json.loads(BODY)
    assert list(written) == ["version", *(field for _, field, _ in ATTESTED_FIELDS)]
    assert STATEMENT.words == tuple(int(value, 0) for value in list(written.values())[1:])


@pytest.mark.parametrize(
    "body",
    [
        BODY.replace(":", ": ", 1),
        BODY.replace("statement/1", "statement/2"),
        BODY.replace('"version":"flareflow-statement/1",', ""),
        BODY.replace('"3"', '"03"'),
        BODY.replace("2a", "2A"),
        BODY.replace('"epoch":"5984400",', ""),
        BODY.replace('"window_start":"1795320000","window_end":"1795320300"', '"window_end":"1795320300"'),
        BODY[:-1] + ',"note":"1"}',
        BODY.replace('"epoch":"5984400"', '"epoch":"-5984400"'),
        BODY.replace('"epoch":"5984400"', f'"epoch":"0x{"2a" * 32}"'),
        re.sub('"usage_root":"0x.{64}"', '"usage_root":"42"', BODY),
        re.sub('"usage_root":"0x.{64}"', f'"usage_root":"0x{"2a" * 31}"', BODY),
    ],
)
def test_another_spelling_of_a_statement_is_refused(body: str) -> None:
    assert body != BODY
    with pytest.raises(ValueError, match="statement"):
        Statement.parse(body)


def test_the_text_and_hash_of_a_page_are_fixed_for_ever() -> None:
    page = SettlementPage(CONTRACT, epoch=7, number=0, entries=((1, 1_500_000), (20, 2**64 - 1)))
    assert page.text == PAGE_TEXT
    assert page.hash.hex() == PAGE_HASH


@given(numbers, numbers, st.dictionaries(numbers, numbers, min_size=1, max_size=PAGE_SUBSCRIPTIONS_MAX))
def test_a_page_is_read_back_from_its_text(epoch: int, number: int, totals: dict[int, int]) -> None:
    page = SettlementPage(CONTRACT, epoch, number, tuple(sorted(totals.items())))
    assert SettlementPage.parse(page.text) == page


@pytest.mark.parametrize(
    "text",
    [
        PAGE_TEXT + "\n",
        PAGE_TEXT.replace("page/1", "page/2"),
        PAGE_TEXT.replace("\n1:", "\n01:"),
        PAGE_TEXT.replace("\n1:", "\n+1:"),
        PAGE_TEXT.replace(" page 0", "  page 0"),
        PAGE_TEXT.replace("1500000", "1_500_000"),
        PAGE_TEXT.replace("1500000", "-1500000"),
        PAGE_TEXT.replace("1500000", "1" * 79),
        PAGE_TEXT.replace("\n1:", "\n-1:"),
    ],
)
def test_another_spelling_of_a_page_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        SettlementPage.parse(text)


@pytest.mark.parametrize(
    "entries",
    [(), ((2, 1), (1, 1)), ((1, 1), (1, 2)), tuple((number, 1) for number in range(PAGE_SUBSCRIPTIONS_MAX + 1))],
    ids=["empty", "out of order", "twice", "too many"],
)
def test_a_page_has_its_subscriptions_once_in_order_and_not_too_many(entries: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(BrokenRuleError):
        SettlementPage(CONTRACT, 7, 0, entries)
