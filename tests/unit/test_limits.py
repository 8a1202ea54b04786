"""How many requests a sender may make in a minute."""

from datetime import UTC, datetime, timedelta

import pytest

from flareflow.errors import TooManyRequestsError
from flareflow.limits import LimitRequests
from tests.fakes.accounts import FakeClock, FakeRequestCounts

HALF_PAST = datetime(2026, 11, 24, 10, 0, 30, 250_000, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(HALF_PAST)


@pytest.fixture
def limit(clock: FakeClock) -> LimitRequests:
    return LimitRequests(FakeRequestCounts(), clock)


def passes(limit: LimitRequests, counter: str = "route#alice") -> bool:
    try:
        limit.run(counter, 3)
    except TooManyRequestsError:
        return False
    return True


def test_as_many_pass_as_may_and_those_of_others_do_not_count(limit: LimitRequests) -> None:
    assert [passes(limit) for _ in range(5)] == [True, True, True, False, False]
    assert passes(limit, "route#bob")
    assert passes(limit, "another route#alice")


@pytest.mark.parametrize(("seconds", "again"), [(29, False), (29.749, False), (29.75, True), (30, True)])
def test_the_next_minute_begins_anew(limit: LimitRequests, clock: FakeClock, seconds: float, again: bool) -> None:
    # Given a sender that has used up its minute
    while passes(limit):
        pass
    # When time passes, Then it may go on from the change of the minute
    clock.advance(timedelta(seconds=seconds))
    assert passes(limit) is again


@pytest.mark.parametrize(("passed", "retry_after"), [(0, 30), (29.7, 1), (29.749, 1)])
def test_a_refusal_says_when_to_try_again(
    limit: LimitRequests, clock: FakeClock, passed: float, retry_after: int
) -> None:
    clock.advance(timedelta(seconds=passed))
    while passes(limit):
        pass
    with pytest.raises(TooManyRequestsError) as refused:
        limit.run("route#alice", 3)
    assert refused.value.retry_after_seconds == retry_after
    clock.advance(timedelta(seconds=retry_after))
    assert passes(limit)
