"""How long a starting server is waited for: as long as it works, not as long as a fast machine would need."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from infra.local.patience import CPU_SECONDS_MIN, QUIET_SECONDS_MAX, START_SECONDS_MAX, Patience, Signs
from infra.waiting import until


@dataclass
class World:
    """A clock that only pauses move, and a server whose signs of work are a function of the time."""

    work: Callable[[float], Signs]
    now: float = 0.0

    def patience(self) -> Patience:
        return Patience(lambda: self.work(self.now), clock=lambda: self.now)

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def waits(self) -> tuple[float, str]:
        """How long a server that is never ready is waited for, and why no longer."""
        patience = self.patience()
        with pytest.raises(TimeoutError):
            until(lambda: None, patience, self.pause)
        return self.now, patience.reason


def test_a_server_without_any_sign_of_work_is_given_up_after_a_minute() -> None:
    waited, reason = World(lambda _: Signs(10, 1.0)).waits()
    assert waited == pytest.approx(QUIET_SECONDS_MAX, abs=0.2)
    assert reason == "did nothing for 60 s"


@pytest.mark.parametrize(
    "work",
    [lambda now: Signs(int(now) // 50, 0.0), lambda now: Signs(0, now // 50 * 2 * CPU_SECONDS_MIN)],
    ids=["log", "processor"],
)
def test_a_server_that_works_is_waited_for_up_to_the_long_limit(work: Callable[[float], Signs]) -> None:
    # Given a server that writes a line, or gets a little processor time, every 50 s
    waited, reason = World(work).waits()
    # Then only the limit for everything ends the waiting
    assert waited == pytest.approx(START_SECONDS_MAX, abs=0.2)
    assert reason == "was not ready in 600 s"


def test_less_processor_time_than_an_idle_process_uses_is_no_work() -> None:
    waited, _ = World(lambda now: Signs(0, now * CPU_SECONDS_MIN / QUIET_SECONDS_MAX / 2)).waits()
    assert waited < 2.5 * QUIET_SECONDS_MAX


def test_the_wait_for_a_sign_begins_anew_with_each_sign() -> None:
    # Given a server that stops working after two minutes
    waited, reason = World(lambda now: Signs(min(int(now), 120), 0.0)).waits()
    # Then it is given up a minute after its last sign
    assert waited == pytest.approx(120 + QUIET_SECONDS_MAX, abs=0.3)
    assert reason.startswith("did nothing")


def test_a_server_that_is_ready_is_not_waited_for_any_longer() -> None:
    answers: Iterator[bool | None] = iter([None, None, True])
    world = World(lambda _: Signs(0, 0.0))
    until(lambda: next(answers), world.patience(), world.pause)
    assert world.now == pytest.approx(0.2)
