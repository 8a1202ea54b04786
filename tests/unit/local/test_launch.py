"""Each part starts as soon as what it needs is ready, and gets what the steps before it found."""

import io
import threading

import pytest
from rich.console import Console

from infra.local.launch import Facts, Step, launch


def quiet() -> Console:
    return Console(file=io.StringIO())


def test_steps_that_need_nothing_of_each_other_run_at_the_same_time() -> None:
    # Given two steps that each wait for the other to have begun
    both = threading.Barrier(2, timeout=10)

    def meet(_: Facts) -> Facts:
        both.wait()
        return {}

    # Then they meet
    launch([Step("one", meet), Step("two", meet)], quiet())


def test_a_step_sees_what_the_steps_that_it_needs_found() -> None:
    seen: list[Facts] = []

    def look(found: Facts) -> Facts:
        seen.append(found)
        return {"b": "2"}

    found = launch([Step("second", look, needs=["first"]), Step("first", lambda _: {"a": "1"})], quiet())
    assert (seen, found) == ([{"a": "1"}], {"a": "1", "b": "2"})


def test_nothing_that_needs_a_failed_step_runs() -> None:
    def fail(_: Facts) -> Facts:
        raise RuntimeError("as asked")

    ran: list[Facts] = []

    def note(found: Facts) -> Facts:
        ran.append(found)
        return {}

    with pytest.raises(RuntimeError, match="as asked"):
        launch([Step("first", fail), Step("second", note, needs=["first"])], quiet())
    assert ran == []


def test_a_need_that_nobody_gives_is_named() -> None:
    with pytest.raises(ValueError, match="lonely"):
        launch([Step("lonely", lambda _: {}, needs=["nobody"])], quiet())
