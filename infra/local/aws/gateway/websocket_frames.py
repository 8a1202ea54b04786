"""Frames of WebSocket messages. API Gateway parts what is larger than 32 KB; aiohttp sends each message as one frame.

https://datatracker.ietf.org/doc/html/rfc6455#section-5.2
"""

import struct
from collections.abc import Iterator
from typing import Final

FRAME_BYTES_MAX: Final = 32 * 1024
TEXT: Final = 0x1
CONTINUATION: Final = 0x0
FINAL: Final = 0x80
SHORT_MAX: Final = 125
LENGTH_OF_16_BITS: Final = 126


def frames(text: str) -> Iterator[bytes]:
    """A text message as frames of at most `FRAME_BYTES_MAX` of payload; those of a server are not masked."""
    payload = text.encode()
    last = max(len(payload) - 1, 0) // FRAME_BYTES_MAX
    for number in range(last + 1):
        part = payload[number * FRAME_BYTES_MAX : (number + 1) * FRAME_BYTES_MAX]
        kind = (CONTINUATION if number else TEXT) | (FINAL if number == last else 0)
        yield _header(kind, len(part)) + part


def _header(kind: int, length: int) -> bytes:
    if length <= SHORT_MAX:
        return struct.pack("!BB", kind, length)
    return struct.pack("!BBH", kind, LENGTH_OF_16_BITS, length)
