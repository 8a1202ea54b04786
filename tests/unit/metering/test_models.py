"""Usage adds up, and windows split without a gap."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.errors import BrokenRuleError
from flareflow.metering.models import USAGE_FIELDS, Usage, Window
from tests.fakes.metering import NOW

AMOUNTS = st.builds(Usage, *[st.integers(0, 10**15)] * len(USAGE_FIELDS))


@given(AMOUNTS, AMOUNTS)
def test_adding_and_subtracting_usage_cancel_out(one: Usage, other: Usage) -> None:
    assert one + other - other == one


def test_a_total_that_is_negative_in_anything_is_a_broken_rule() -> None:
    assert Usage(1, 2, 3, 4, 5).as_total() == Usage(1, 2, 3, 4, 5)
    with pytest.raises(BrokenRuleError, match="never negative"):
        Usage(cost_nanousd=-1).as_total()


@given(st.integers(0, 10_000), st.integers(1, 600), st.integers(1, 50))
def test_the_slices_of_a_window_cover_it_and_are_not_too_many(seconds: int, length: int, slices_max: int) -> None:
    # Given any window
    window = Window(NOW, NOW + timedelta(seconds=seconds))
    # When it is split
    slices = window.split(timedelta(seconds=length), slices_max)
    # Then the first begins with it, each begins where the one before ended, and the last ends with it
    assert 1 <= len(slices) <= slices_max
    assert slices[0].start == window.start
    assert slices[-1].end == window.end
    assert all(one.end == other.start for one, other in pairwise(slices))


def test_a_window_that_ends_before_it_starts_is_a_broken_rule() -> None:
    with pytest.raises(BrokenRuleError):
        Window(NOW, NOW - timedelta(seconds=1))


def test_a_slice_is_as_long_as_asked_for_and_only_the_last_is_shorter() -> None:
    # Given a window of two and a half minutes
    window = Window(NOW, NOW + timedelta(seconds=150))
    # When it is split into minutes
    slices = window.split(timedelta(minutes=1), slices_max=100)
    # Then there are two minutes and a half one
    assert [(one.end - one.start).total_seconds() for one in slices] == [60, 60, 30]
