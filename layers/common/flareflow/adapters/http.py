"""HTTP requests whose answers are read up to a limit; what an answer has beyond it is not read."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import httpx


class AnswerTooLongError(httpx.HTTPError):
    """The body of an answer has more bytes than its reader takes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The status and the whole body of an HTTP answer."""

    status: int
    body: bytes

    @property
    def is_success(self) -> bool:
        return httpx.codes.is_success(self.status)


def read_answer(stream: AbstractContextManager[httpx.Response], bytes_max: int) -> Answer:
    """The answer to a request that `httpx.Client.stream` sends, whatever its status.

    Raises httpx.HTTPError without a whole answer; AnswerTooLongError, one of them, for more than `bytes_max` bytes.
    """
    with stream as response:
        return Answer(response.status_code, b"".join(bounded_chunks(response, bytes_max)))


def bounded_chunks(response: httpx.Response, bytes_max: int) -> Iterator[bytes]:
    """The body in pieces. Raises AnswerTooLongError at the piece that makes it longer than `bytes_max` bytes."""
    received = 0
    for chunk in response.iter_bytes():
        received += len(chunk)
        if received > bytes_max:
            raise AnswerTooLongError(f"an answer of more than {bytes_max} bytes")
        yield chunk
