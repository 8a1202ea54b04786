"""Usage pages and indexes, byte for byte: what is hashed here is hashed by strangers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.errors import BrokenRuleError
from flareflow.metering.models import USAGE_FIELDS, Usage
from flareflow.statements.indexes import PageIndex
from flareflow.statements.models import PageKind
from flareflow.statements.usage_pages import PAGE_IDS, Totals, UsagePage

CONTRACT = "A.f8d6e0586b0a20c7.UsageBasedSubscriptions"
ROOT = bytes.fromhex("11" * 32)
OLD_TEXT = (
    f"flareflow-usage/1 {CONTRACT} subscriptions 256 to 511\n"
    "subscription epoch prompt_tokens completion_tokens requests rated_microtokens cost_nanousd events_root\n"
    f"256 7 10 20 2 30000000 4 {'11' * 32}\n"
    f"300 9 0 0 1 0 0 {'22' * 32}"
)
"""A page of the time when there were two kinds of tokens."""

amounts = st.integers(0, 2**80)
usages = st.builds(Usage, *[amounts] * len(USAGE_FIELDS))
totals = st.builds(
    Totals, st.integers(512, 512 + PAGE_IDS - 1), st.integers(0, 2**64 - 1), usages, st.binary(min_size=32, max_size=32)
)


@given(st.lists(totals, max_size=20, unique_by=lambda one: one.subscription_id))
def test_a_usage_page_is_read_back_from_its_text(given_totals: list[Totals]) -> None:
    in_order = sorted(given_totals, key=lambda one: one.subscription_id)
    page = UsagePage(CONTRACT, 512 // PAGE_IDS, {one.subscription_id: one for one in in_order})
    assert UsagePage.parse(page.text) == page


def test_columns_that_an_old_page_does_not_have_are_zero() -> None:
    page = UsagePage.parse(OLD_TEXT)
    usage = Usage(prompt_tokens=10, completion_tokens=20, requests=2, rated_microtokens=30_000_000, cost_nanousd=4)
    assert page.totals[256] == Totals(256, 7, usage, ROOT)
    assert (page.contract, page.number, list(page.totals)) == (CONTRACT, 1, [256, 300])


@pytest.mark.parametrize(
    "text",
    [
        OLD_TEXT + "\n",
        OLD_TEXT.replace("usage/1", "usage/2"),
        OLD_TEXT.replace("256 7 10", "256 7 010"),
        OLD_TEXT.replace("256 7 10", "256 7 +10"),
        OLD_TEXT.replace("256 7 10", "256 7  10"),
        OLD_TEXT.replace("256 7 10", "256 7 -10"),
        OLD_TEXT.replace("256 7 10", f"256 7 {'1' * 79}"),
        OLD_TEXT.replace("256 7 10", "256 7 \N{ARABIC-INDIC DIGIT ONE}0"),
        OLD_TEXT.replace("256 to 511", "256 to 512"),
        OLD_TEXT.replace("256 to 511", "255 to 510"),
        OLD_TEXT.replace("requests", "prompt_tokens"),
        OLD_TEXT.replace("requests", "laughs"),
        OLD_TEXT.replace("300 9", "256 9"),
        OLD_TEXT.replace("22" * 32, "22" * 31),
    ],
)
def test_another_spelling_of_a_usage_page_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError, BrokenRuleError)):
        UsagePage.parse(text)


def test_a_page_has_the_subscriptions_of_its_range_in_order() -> None:
    one, other = Totals(5, 1, Usage(), ROOT), Totals(6, 1, Usage(), ROOT)
    with pytest.raises(BrokenRuleError):
        UsagePage(CONTRACT, 0, {6: other, 5: one})
    with pytest.raises(BrokenRuleError):
        UsagePage(CONTRACT, 1, {5: one})


def test_a_total_never_goes_down() -> None:
    before = Totals(1, 5, Usage(rated_microtokens=10), ROOT)
    with pytest.raises(BrokenRuleError):
        before.plus(Usage(rated_microtokens=-1), 6, ROOT)


def test_an_epoch_is_added_to_totals_once() -> None:
    before = Totals(1, 5, Usage(requests=1), ROOT)
    with pytest.raises(BrokenRuleError):
        before.plus(Usage(requests=1), 5, ROOT)


INDEX = PageIndex(CONTRACT, 7, PageKind.USAGE, {0: ROOT, 3: bytes.fromhex("22" * 32)})
INDEX_TEXT = f"flareflow-index/1 {CONTRACT} epoch 7 usage\n0 {'11' * 32}\n3 {'22' * 32}"


def test_an_index_names_its_pages_by_number() -> None:
    assert INDEX.text == INDEX_TEXT
    assert PageIndex.parse(INDEX_TEXT) == INDEX
    assert INDEX.path(3) == (ROOT,)


@pytest.mark.parametrize(
    "text",
    [
        INDEX_TEXT + "\n",
        INDEX_TEXT.replace("index/1", "index/2"),
        INDEX_TEXT.replace("epoch 7", "epoch 07"),
        INDEX_TEXT.replace("usage", "other"),
        INDEX_TEXT.replace("\n3 ", "\n0 "),
        INDEX_TEXT.replace("\n0 ", "\n4 "),
        INDEX_TEXT.replace("\n0 ", "\n-1 "),
        f"{INDEX_TEXT}\n{'9' * 79} {'22' * 32}",
        INDEX_TEXT.replace("22" * 32, "22" * 31),
    ],
)
def test_another_spelling_of_an_index_is_refused(text: str) -> None:
    with pytest.raises((ValueError, BrokenRuleError)):
        PageIndex.parse(text)
