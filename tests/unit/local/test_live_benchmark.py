"""What the benchmark of live messages makes of the times that it noted."""

import pytest

from tests.benchmarks.realtime import Told, figures

RATE = 2


def told(calls: int, *, stored_after: float = 0.1, told_after: float = 0.2) -> Told:
    """Calls at the rate, each answered 0.1 s after it was made; two clients are told of each at the same time."""
    made = {f"call-{number}": number / RATE for number in range(calls)}
    ended = {call: at + 0.1 for call, at in made.items()}
    stored = {call: at + stored_after for call, at in ended.items()}
    seen = {call: [at + told_after] * 2 for call, at in stored.items()}
    return Told(calls, max(made.values()), 0, 0.5, ended, stored, seen)


def test_what_a_call_waits_for_is_told_part_by_part() -> None:
    found = figures(told(100), RATE)
    assert (found["stored_p95_seconds"], found["told_p95_seconds"], found["pending_p95_seconds"]) == (0.1, 0.2, 0.3)
    assert found["queues"] == {"calls": 1, "records": 0, "messages": 0, "processors_idle_share": 0.5}
    assert found["keeps_up"]


def test_the_calls_that_wait_when_the_last_is_made_are_counted_where_they_wait() -> None:
    # Given records that wait longer than the calls of one second take to be made
    found = figures(told(100, stored_after=5.0), RATE)
    # Then ten of them wait for UsageTable, so the machine does not keep up, whatever becomes of its calls
    assert found["queues"]["records"] == 10 > RATE
    assert not found["keeps_up"]
    # And likewise for messages
    found = figures(told(100, told_after=5.0), RATE)
    assert found["queues"]["messages"] == 10
    assert not found["keeps_up"]


def test_a_call_that_a_poll_has_counted_before_its_record_came_does_not_wait() -> None:
    # Given calls of which the clients were told, and whose records changed nothing any more
    counted = told(100)
    counted.stored = dict.fromkeys(["call-0", "call-1"], 1.0)
    assert counted.queues["records"] == 0


@pytest.mark.parametrize("trouble", [{"failed": 1}, {"idle_share": 0.01}])
def test_a_machine_that_has_no_time_left_or_fails_a_call_does_not_keep_up(trouble: dict[str, float]) -> None:
    tired = told(100)
    for name, value in trouble.items():
        setattr(tired, name, value)
    assert not tired.keeps_up(RATE)
