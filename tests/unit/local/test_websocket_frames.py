"""A message is parted into frames of 32 KB, which another implementation of RFC 6455 puts together again."""

import pytest
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from infra.local.aws.gateway.websocket_frames import frames

KB = 1024


def parsed(data: bytes) -> list[Frame]:
    """The frames, as the library `websockets` reads them."""
    reader = StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    found = []
    while not _is_read(reader):
        parsing = Frame.parse(reader.read_exact, mask=False)
        with pytest.raises(StopIteration) as ended:
            next(parsing)
        found.append(ended.value.value)
    return found


def _is_read(reader: StreamReader) -> bool:
    asking = reader.at_eof()
    with pytest.raises(StopIteration) as ended:
        next(asking)
    return bool(ended.value.value)


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        (0, [0]),
        (125, [125]),
        (126, [126]),
        (32 * KB, [32 * KB]),
        (32 * KB + 1, [32 * KB, 1]),
        (128 * KB, [32 * KB] * 4),
    ],
)
def test_a_message_is_parted_into_frames_of_32_kb(size: int, sizes: list[int]) -> None:
    # Given a message
    text = "".join(chr(ord("a") + number % 26) for number in range(size))
    # When it is sent as frames
    sent = parsed(b"".join(frames(text)))
    # Then only the first is text, only the last is final, and nothing is lost
    assert [len(frame.data) for frame in sent] == sizes
    assert [frame.opcode for frame in sent] == [Opcode.TEXT] + [Opcode.CONT] * (len(sizes) - 1)
    assert [frame.fin for frame in sent] == [False] * (len(sizes) - 1) + [True]
    assert b"".join(bytes(frame.data) for frame in sent) == text.encode()
