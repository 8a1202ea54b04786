"""A client of the live messages (`docs/live.md`) that keeps every message with its time of arrival."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Self

import aiohttp

WAIT_SECONDS_MAX: Final = 300.0

type Message = dict[str, Any]


@dataclass
class Watcher:
    """Watches one subscription; `messages` holds the time of arrival by `time.monotonic` and the message.

    A message that comes twice is dropped. After a gap in the sequence, what was missed is asked for.
    """

    session: aiohttp.ClientSession
    socket: aiohttp.ClientWebSocketResponse
    subscription_id: int
    messages: list[tuple[float, Message]] = field(default_factory=list)
    _last: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _reader: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, websocket_url: str, ticket: str, subscription_id: int) -> Self:
        session = aiohttp.ClientSession()
        socket = await session.ws_connect(websocket_url, params={"ticket": ticket})
        watcher = cls(session, socket, subscription_id)
        watcher._reader = asyncio.create_task(watcher._read())
        await watcher._watch()
        return watcher

    async def _watch(self, **after: str) -> None:
        await self.socket.send_json({"action": "watch", "subscription_id": str(self.subscription_id), **after})

    async def _read(self) -> None:
        async for frame in self.socket:
            if frame.type is aiohttp.WSMsgType.TEXT:
                for message in json.loads(frame.data)["messages"]:
                    await self._take(message)

    async def _take(self, message: Message) -> None:
        if "data" in message:
            sequence = int(message["sequence"])
            is_next = message["type"] == "snapshot" or sequence == self._last + 1
            if not is_next:
                if sequence > self._last:
                    await self._watch(after=str(self._last))
                return
            self._last = sequence
        self.messages.append((time.monotonic(), message))
        self._arrived.set()

    async def wait_for(self, wanted: Callable[[Message], bool], seconds: float = WAIT_SECONDS_MAX) -> float:
        """The time of arrival of the first message that `wanted` accepts. Raises TimeoutError when none comes."""
        async with asyncio.timeout(seconds):
            while True:
                self._arrived.clear()
                for arrived, message in self.messages:
                    if wanted(message):
                        return arrived
                await self._arrived.wait()

    async def close(self) -> None:
        await self.socket.close()
        await self.session.close()
        if self._reader is not None:
            await self._reader
