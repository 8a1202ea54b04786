"""How everything in `infra` waits: ask, pause, ask again, until there is an answer or a limit is reached."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    RetryError,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_delay,
    wait_fixed,
)

POLL_SECONDS: Final = 0.1
PAUSE: Final = wait_fixed(POLL_SECONDS)
NO_ANSWER: Final = retry_if_result(lambda answer: answer is None)

type Pause = Callable[[float], None]
type Stop = Callable[[RetryCallState], bool]


def until[T](ask: Callable[[], T | None], stop: float | Stop, pause: Pause = time.sleep) -> T:
    """The first answer that is not None; `stop` is a limit in seconds, or says after an attempt whether to give up.

    Raises TimeoutError after the limit, and at once whatever `ask` raises. `ask` is called at least once.
    """
    try:
        answer = Retrying(retry=NO_ANSWER, stop=_stop(stop), wait=PAUSE, sleep=pause)(ask)
    except RetryError as error:
        raise TimeoutError from error
    assert answer is not None
    return answer


async def until_async[T](ask: Callable[[], T | None], stop: float | Stop) -> T:
    """`until` for a coroutine: `ask` runs in a thread, and other tasks go on meanwhile."""

    async def ask_in_thread() -> T | None:
        return await asyncio.to_thread(ask)

    try:
        waiting = AsyncRetrying(retry=NO_ANSWER, stop=_stop(stop), wait=PAUSE)
        answer: T | None = await waiting(ask_in_thread)
    except RetryError as error:
        raise TimeoutError from error
    assert answer is not None
    return answer


async def pause() -> None:
    """The pause between two questions, for a coroutine that asks as long as it lives."""
    await asyncio.sleep(POLL_SECONDS)


def despite[T](failure: type[Exception], act: Callable[[], T], stop: float | Stop, pause: Pause = time.sleep) -> T:
    """What `act` returns, once it no longer raises `failure`. Raises the last failure after the limit."""
    retry = retry_if_exception_type(failure)
    return Retrying(retry=retry, stop=_stop(stop), wait=PAUSE, sleep=pause, reraise=True)(act)


def _stop(stop: float | Stop) -> Stop:
    return stop if callable(stop) else stop_after_delay(stop)
