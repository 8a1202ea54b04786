"""A WebSocket client that keeps every message with its time of arrival."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Self

import aiohttp

WAIT_SECONDS_MAX: Final = 300.0


@dataclass
class Watcher:
    """Watches one subscription; `messages` holds the time of arrival by `time.monotonic` and the message."""

    session: aiohttp.ClientSession
    socket: aiohttp.ClientWebSocketResponse
    messages: list[tuple[float, dict[str, object]]] = field(default_factory=list)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _reader: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, websocket_url: str, ticket: str, subscription_id: int) -> Self:
        session = aiohttp.ClientSession()
        socket = await session.ws_connect(websocket_url, params={"ticket": ticket})
        watcher = cls(session, socket)
        watcher._reader = asyncio.create_task(watcher._read())
        await socket.send_json({"action": "watch", "subscription_id": str(subscription_id)})
        return watcher

    async def _read(self) -> None:
        async for message in self.socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self.messages.append((time.monotonic(), json.loads(message.data)))
                self._arrived.set()

    async def wait_for(self, wanted: Callable[[dict[str, object]], bool], seconds: float = WAIT_SECONDS_MAX) -> float:
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
