"""One question to LiteLLM's administration API, and the answer as a model."""

from collections.abc import Callable, Mapping
from typing import Final

import httpx

from flareflow.adapters.http import read_answer
from flareflow.errors import SpendLogUnavailableError

ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024


def ask[T](http: httpx.Client, path: str, query: Mapping[str, str], read: Callable[[bytes], T], what: str) -> T:
    """Ask `path` for `what`, which errors name. `read` makes of the body what is wanted, or raises ValueError.

    Raises SpendLogUnavailableError when there is no usable answer.
    """
    try:
        answer = read_answer(http.stream("GET", path, params=query), ANSWER_BYTES_MAX)
        if not answer.is_success:
            raise SpendLogUnavailableError(f"LiteLLM answered {what} with {answer.status}")
        return read(answer.body)
    except (httpx.HTTPError, ValueError) as error:
        raise SpendLogUnavailableError(f"LiteLLM gave no usable answer to {what}: {error}") from error
