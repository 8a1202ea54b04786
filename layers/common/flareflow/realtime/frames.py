"""The frames that clients receive: JSON objects with a list of messages, each below API Gateway's 32 KB."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, cast

from flareflow.json_format import Json, json_value, to_json
from flareflow.realtime.models import Log, Message
from flareflow.realtime.payloads import Control, Snapshot

FRAME_BYTES_MAX: Final = 32_000
"""API Gateway splits what is longer than 32 KB into several frames, and bills each."""
_OPENING: Final = '{"messages":['
_CLOSING: Final = "]}"


def frames(messages: Iterable[Mapping[str, Json]]) -> Sequence[str]:
    """The texts of as few frames as hold the messages in order. The text is ASCII, so characters are bytes."""
    texts: list[str] = []
    for message in map(to_json, messages):
        if texts and len(texts[-1]) + 1 + len(message) + len(_CLOSING) <= FRAME_BYTES_MAX:
            texts[-1] += f",{message}"
        else:
            texts.append(f"{_OPENING}{message}")
    return [text + _CLOSING for text in texts]


def numbered(message: Message) -> Mapping[str, Json]:
    """A message about a subscription."""
    told = message.notification
    return _envelope(told.type, told.subscription_id, message.sequence, told.at, dict(told.data))


def snapshot(subscription_id: int, log: Log, at: datetime, state: Snapshot) -> Mapping[str, Json]:
    """The subscription as of the last number of its log, or a little later."""
    return _envelope(state.type, subscription_id, log.sequence, at, json_value(state))


def control(message: Control) -> Mapping[str, Json]:
    """A message about the connection, which has no number of its own."""
    return {"type": message.type, **cast("dict[str, Json]", json_value(message))}


def _envelope(kind: str, subscription_id: int, sequence: int, at: datetime, data: Json) -> Mapping[str, Json]:
    """The form of every message that has a sequence number."""
    head = {"type": kind, "subscription_id": subscription_id, "sequence": sequence, "at": at}
    return {**cast("dict[str, Json]", json_value(head)), "data": data}
