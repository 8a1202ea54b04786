"""An answer on its way to the caller: read for its usage, recorded, then ended."""

import asyncio
import hashlib
from collections.abc import Iterable
from typing import Any, Final
from typing import Protocol as Interface

from pydantic_core import from_json, to_json

from flareflow.metering.calls import Tokens
from flareflow_gate.asgi import Message, Send
from flareflow_gate.costs import COST_HEADER, cost_text, with_cost
from flareflow_gate.key_refusals import KeyRefusal, key_refusal
from flareflow_gate.receipts import RECEIPT_HEADER
from flareflow_gate.records import Settled
from flareflow_gate.refusals import passed_on
from flareflow_gate.requests import ModelCall
from flareflow_gate.routes import Protocol
from flareflow_gate.streams import EventCutter, StreamEvent
from flareflow_gate.texts import answer_texts
from flareflow_gate.usage import UsageReader

ANSWER_BYTES_MAX: Final = 256 * 1024 * 1024
MODEL_CHARACTERS_MAX: Final = 256
FAILURES_FROM: Final = 400
EVENT_ID_HEADER: Final = b"x-flareflow-event-id"

_PASSED_ON: Final = {b"content-type", b"cache-control", b"retry-after"}
_RATE_LIMITS: Final = b"x-ratelimit-"
_ANSWERED_BY: Final = b"x-litellm-model-group"


class AnswerTooLongError(Exception):
    """LiteLLM's answer is longer than `ANSWER_BYTES_MAX`."""


class Books(Interface):
    """Where the call of one answer is recorded, and what it costs in rated micro-tokens."""

    def store(self, answer: "Answer") -> Settled:
        """Store the record of an answer that has ended."""

    def cost(self, answer: "Answer") -> int:
        """What the answer has cost by the usage that it has told so far."""

    def receipt(self, settled: Settled, answer_hash: str) -> str:
        """The signed receipt of a stored call."""


class Answer:
    """The ASGI `send` that LiteLLM gets for one call.

    It is stored once, before its last part is sent. A refusal by LiteLLM (status 400 and above) is not stored, and
    passed on as it is; but where LiteLLM refuses the key, nothing is sent, and `refused_key` says why.
    """

    def __init__(self, call: ModelCall, event_id: str, send: Send, books: Books) -> None:
        self._call = call
        self._event_id = event_id
        self._send = send
        self._books = books
        self._digest = hashlib.sha256()
        self._start: Message = {}
        self._whole = bytearray()
        self._events = EventCutter()
        self._texts: list[str] = []
        self._answered_by: str | None = None
        self._has_failed = False
        self.usage = UsageReader(cache_is_apart=call.route.protocol is Protocol.MESSAGES)
        self.is_refused = False
        self.refused_key: KeyRefusal | None = None
        self.is_complete = False
        self.has_sent = False
        self.started = asyncio.Event()
        self.settled = asyncio.Event()
        """The answer is recorded, or LiteLLM has refused the call."""

    async def send(self, message: Message) -> None:
        """Take one message of LiteLLM's and pass on what may be passed on."""
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self.is_refused:
            await self._pass_on_refusal(message.get("body", b""), more=bool(message.get("more_body")))
        else:
            pass_on = self._pass_on_events if self._call.parameters.streams else self._pass_on_whole
            await pass_on(message.get("body", b""), more=bool(message.get("more_body")))

    @property
    def costs(self) -> bool:
        """Whether LiteLLM has an answer: from then on the call costs something."""
        return self.started.is_set() and not self.is_refused

    @property
    def answered_by(self) -> str | None:
        """The model that answered, by the name of the price book where LiteLLM tells it (after a fallback)."""
        name = self._answered_by or self.usage.model
        return None if name is None else name[:MODEL_CHARACTERS_MAX]

    @property
    def sent_text(self) -> str:
        """What the model has written so far; of a whole answer only where that tells no output."""
        return "".join(self._texts)

    @property
    def told(self) -> Tokens | None:
        """The usage that the answer told; None where it told none, or no output although there is some."""
        tokens = self.usage.tokens
        return None if tokens is not None and not tokens.output and self.sent_text else tokens

    @property
    def hash(self) -> str:
        """SHA-256 in hex of what was sent so far, the line of the receipt left out."""
        return self._digest.hexdigest()

    async def _begin(self, message: Message) -> None:
        headers = dict(message.get("headers", ()))
        passed = [*_passed_on(headers.items()), (EVENT_ID_HEADER, self._event_id.encode())]
        self._start = {**message, "headers": passed}
        self._answered_by = headers.get(_ANSWERED_BY, b"").decode("latin-1") or None
        self.is_refused = message["status"] >= FAILURES_FROM
        self.started.set()
        if self.is_refused:
            self.settled.set()
        if not self.is_refused and self._call.parameters.streams:
            await self._send_start()

    async def _send_start(self, *more_headers: tuple[bytes, bytes]) -> None:
        self.has_sent = True
        await self._send({**self._start, "headers": [*self._start["headers"], *more_headers]})

    async def _send_whole(self, body: bytes, *more_headers: tuple[bytes, bytes]) -> None:
        await self._send_start((b"content-length", str(len(body)).encode()), *more_headers)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    def _add(self, body: bytes) -> None:
        self._whole += body
        if len(self._whole) > ANSWER_BYTES_MAX:
            raise AnswerTooLongError(f"an answer is longer than {ANSWER_BYTES_MAX} bytes")

    async def _pass_on_refusal(self, body: bytes, *, more: bool) -> None:
        self._add(body)
        if more:
            return
        self.refused_key = key_refusal(bytes(self._whole))
        if self.refused_key is None:
            style = self._call.route.style
            await self._send_whole(passed_on(self._start["status"], bytes(self._whole), style))

    async def _pass_on_whole(self, body: bytes, *, more: bool) -> None:
        self._add(body)
        if more:
            return
        whole = bytes(self._whole)
        document = _parsed(whole)
        self.usage.read(document)
        if self.usage.tokens is None or not self.usage.tokens.output:
            self._texts += answer_texts(document)
        self.is_complete = True
        settled = self._settle()
        sent = self._with_cost(whole, document, settled.rated_microtokens)
        self._digest.update(sent)
        cost, receipt = cost_text(settled.rated_microtokens), self._books.receipt(settled, self.hash)
        await self._send_whole(sent, (COST_HEADER, cost.encode()), (RECEIPT_HEADER, receipt.encode()))

    def _with_cost(self, whole: bytes, document: Any, cost: int) -> bytes:
        """The answer with its cost in its usage; embeddings, which can be megabytes of numbers, stay as they are."""
        usage = document.get("usage") if isinstance(document, dict) else None
        if not isinstance(usage, dict) or self._call.route.protocol is Protocol.EMBEDDING:
            return whole
        return to_json({**document, "usage": with_cost(usage, cost)})

    async def _pass_on_events(self, body: bytes, *, more: bool) -> None:
        passed = b"".join(self._read(event) for event in self._events.feed(body))
        if not more:
            passed += b"".join(self._read(event) for event in self._events.rest())
            passed += self._last(b"\n") if not self.settled.is_set() else b""
        if passed or not more:
            await self._send({"type": "http.response.body", "body": passed, "more_body": more})

    def _read(self, event: StreamEvent) -> bytes:
        """Take in one event and return what the caller gets of it; the last one is returned once all is recorded."""
        self.usage.read(event.document)
        self._texts.append(event.text)
        self._has_failed |= event.is_failure
        passed = self._passed(event)
        if event.is_last and not self.settled.is_set():
            self.is_complete = not self._has_failed
            return self._last(passed)
        self._digest.update(passed)
        return passed

    def _last(self, passed: bytes) -> bytes:
        """Settle the call; return its last event, which begins with comments that tell receipt and cost."""
        settled = self._settle()
        told = b": %s %s\n%s" % (COST_HEADER, cost_text(settled.rated_microtokens).encode(), passed)
        self._digest.update(told)
        return b": %s %s\n%s" % (RECEIPT_HEADER, self._books.receipt(settled, self.hash).encode(), told)

    def _passed(self, event: StreamEvent) -> bytes:
        if event.tells_usage_only and self._call.route.protocol.has_stream_options:
            return event.usage_chunk(self._books.cost(self)) if self._call.parameters.wants_usage else b""
        return event.with_cost(self._books.cost(self)) if event.tells_usage else event.content

    def _settle(self) -> Settled:
        settled = self._books.store(self)
        self.settled.set()
        return settled


def _passed_on(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    """LiteLLM's own headers tell what a call cost the operator; callers do not get them."""
    return ((name, value) for name, value in headers if name in _PASSED_ON or name.startswith(_RATE_LIMITS))


def _parsed(content: bytes) -> Any:
    try:
        return from_json(content)
    except ValueError:
        return None
