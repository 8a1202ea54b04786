"""Waiting by asking again."""

import asyncio
from collections.abc import Iterator

import pytest
from tenacity import stop_after_attempt

from infra.waiting import POLL_SECONDS, despite, until, until_async


def test_the_first_answer_is_returned_after_a_pause_for_each_question_before() -> None:
    answers: Iterator[int | None] = iter([None, None, 0, 7])
    pauses: list[float] = []
    assert until(lambda: next(answers), 60, pauses.append) == 0
    assert pauses == [POLL_SECONDS] * 2


def test_without_an_answer_the_limit_ends_it() -> None:
    asked: list[int] = []
    with pytest.raises(TimeoutError):
        until(lambda: asked.append(1), stop_after_attempt(3), lambda _: None)
    assert len(asked) == 3


def test_a_question_is_asked_once_even_without_any_time() -> None:
    assert until(lambda: "there", 0, lambda _: None) == "there"


def test_a_failure_of_the_question_is_not_waited_out() -> None:
    def fail() -> None:
        raise LookupError("wrong question")

    with pytest.raises(LookupError, match="wrong question"):
        until(fail, 60, lambda _: None)


def test_a_coroutine_waits_alike() -> None:
    answers: Iterator[str | None] = iter([None, "there"])
    assert asyncio.run(until_async(lambda: next(answers), 60)) == "there"


def test_an_act_is_repeated_despite_one_kind_of_failure_only() -> None:
    failures: Iterator[Exception] = iter([OSError("busy"), OSError("busy"), ValueError("wrong")])

    def act() -> None:
        raise next(failures)

    with pytest.raises(ValueError, match="wrong"):
        despite(OSError, act, 60, lambda _: None)


def test_the_last_failure_is_raised_after_the_limit() -> None:
    def act() -> None:
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        despite(OSError, act, stop_after_attempt(2), lambda _: None)
