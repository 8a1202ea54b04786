"""The one reader of HTTP answers that all adapters use."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from flareflow.adapters.http import Answer, AnswerTooLongError, read_answer


@dataclass
class Server:
    """Answers with `chunks` of 10 bytes each, and counts how many of them were read."""

    chunks: int
    status: int = 200
    read: int = 0

    def answer(self, bytes_max: int) -> Answer:
        with httpx.Client(base_url="http://server", transport=httpx.MockTransport(self._respond)) as http:
            return read_answer(http.stream("GET", "/"), bytes_max)

    def _respond(self, _: httpx.Request) -> httpx.Response:
        return httpx.Response(self.status, content=self._body())

    def _body(self) -> Iterator[bytes]:
        for _ in range(self.chunks):
            self.read += 1
            yield b"0123456789"


def test_an_answer_as_long_as_the_limit_is_read_whole() -> None:
    assert Server(chunks=3).answer(bytes_max=30) == Answer(200, b"0123456789" * 3)


def test_reading_stops_at_the_piece_that_exceeds_the_limit() -> None:
    # Given an answer of a thousand pieces of 10 bytes
    server = Server(chunks=1_000)
    # When at most 29 bytes are taken
    with pytest.raises(AnswerTooLongError, match="more than 29 bytes"):
        server.answer(bytes_max=29)
    # Then the third piece is the last that was read
    assert server.read == 3


@pytest.mark.parametrize(("status", "is_success"), [(200, True), (204, True), (302, False), (404, False), (503, False)])
def test_an_answer_is_read_whatever_its_status(status: int, is_success: bool) -> None:
    answer = Server(chunks=1, status=status).answer(bytes_max=10)
    assert (answer.status, answer.is_success, answer.body) == (status, is_success, b"0123456789")
