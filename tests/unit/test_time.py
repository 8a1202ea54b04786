"""Epochs and deadlines, to the second; the expected times are written out, not computed by what is tested."""

from datetime import UTC, datetime, timedelta

import pytest

from flareflow.time import Deadline, Epochs

EPOCHS = Epochs(seconds=300)
NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # 1_795_510_800 seconds since 1970, a multiple of 300
NINE_IS_IN = 5_985_036


@pytest.mark.parametrize(
    ("moment", "epoch"),
    [
        (NINE - timedelta(microseconds=1), NINE_IS_IN - 1),
        (NINE, NINE_IS_IN),
        (NINE + timedelta(minutes=4, seconds=59, microseconds=999_999), NINE_IS_IN),
        (NINE + timedelta(minutes=5), NINE_IS_IN + 1),
    ],
)
def test_a_moment_is_in_the_epoch_that_begins_with_or_before_it(moment: datetime, epoch: int) -> None:
    assert EPOCHS.at(moment) == epoch


def test_an_epoch_ends_where_the_next_one_begins() -> None:
    assert EPOCHS.start(NINE_IS_IN) == NINE
    assert EPOCHS.end(NINE_IS_IN) == EPOCHS.start(NINE_IS_IN + 1) == NINE + timedelta(minutes=5)


@pytest.mark.parametrize(("seconds_left", "near"), [(5.1, False), (5, True), (0, True), (-1, True)])
def test_a_deadline_is_near_from_five_seconds_before_it(seconds_left: float, near: bool) -> None:
    deadline = Deadline(NINE + timedelta(seconds=seconds_left), clock=lambda: NINE)
    assert deadline.is_near() is near
