"""What LiteLLM is told when a caller hangs up, and when."""

import asyncio
from contextlib import suppress
from typing import Final

from flareflow_gate.answers import Answer
from flareflow_gate.asgi import Message, Receive

STREAM_SECONDS: Final = 3.0


class CallerLine:
    """The ASGI `receive` that LiteLLM gets for one call: the checked body, then that the caller has hung up.

    LiteLLM would stop at once, and a caller who hangs up just before the usage is told, or while a prompt is being
    cached, would pay too little. So it is told only when a stream has begun and has had `STREAM_SECONDS` more to end.
    A call that is no stream always ends, and so does one whose model may think unseen: only its end tells how much.
    """

    def __init__(self, body: bytes, receive: Receive, answer: Answer, *, may_be_cut: bool) -> None:
        self._body: bytes | None = body
        self._receive = receive
        self._answer = answer
        self._may_be_cut = may_be_cut
        self._tells_at: float | None = None

    async def receive(self) -> Message:
        """The next message of the caller's, as LiteLLM may know it."""
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        message = await self._receive()
        if message["type"] == "http.disconnect":
            await self._may_be_told()
        return message

    async def _may_be_told(self) -> None:
        if not self._may_be_cut:
            await self._answer.settled.wait()
            return
        await self._answer.started.wait()
        now = asyncio.get_running_loop().time()
        self._tells_at = self._tells_at or now + STREAM_SECONDS
        with suppress(TimeoutError):
            await asyncio.wait_for(self._answer.settled.wait(), max(0.0, self._tells_at - now))
