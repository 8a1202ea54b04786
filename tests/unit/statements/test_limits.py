"""The times and limits of statements, written out instead of computed by what is tested."""

from datetime import UTC, datetime, timedelta

import pytest

from flareflow.statements.ports import OpenEpoch
from tests.unit.statements.sealing import Sealing

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
EPOCH_BEFORE_NOON = 5_985_071
"""It begins at 1,795,521,300 s since 1970 and ends at noon, 300 s later."""


class AtATime(Sealing):
    """Sealing whose ticks come at `moment`."""

    moment = NOON

    @property
    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def sealing() -> AtATime:
    sealing = AtATime(epoch=EPOCH_BEFORE_NOON)
    sealing.count(1, 100)
    return sealing


def test_an_epoch_is_not_sealed_a_microsecond_before_its_end(sealing: AtATime) -> None:
    sealing.moment = NOON - timedelta(microseconds=1)
    assert sealing.tick() is None
    assert sealing.usage.pointer == OpenEpoch(EPOCH_BEFORE_NOON, sealing=None)


def test_an_epoch_is_sealed_at_its_end_with_the_seconds_of_its_window(sealing: AtATime) -> None:
    # When a tick comes at noon
    report = sealing.tick()
    # Then the statement has the window that ended at noon, and counting goes on in the next epoch
    assert report is not None
    statement = sealing.statements.kept[report.epoch]
    assert (statement.epoch, statement.window_start, statement.window_end) == (5_985_071, 1_795_521_300, 1_795_521_600)
    assert sealing.usage.pointer == OpenEpoch(5_985_072, sealing=None)


def test_a_page_has_at_most_125_subscriptions(sealing: AtATime) -> None:
    # Given 251 subscriptions
    for subscription_id in range(2, 252):
        sealing.count(subscription_id, 1)
    # When they are sealed
    report = sealing.tick()
    # Then the third page has the one that is left
    assert report is not None
    pages = sealing.pages(sealing.statements.kept[report.epoch])
    assert [len(page.entries) for page in pages] == [125, 125, 1]
