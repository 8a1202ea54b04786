"""A gate in front of a fake of LiteLLM's application, called as a web server would call it."""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from flareflow.metering.calls import Tokens
from flareflow.metering.price_book import Price
from flareflow.metering.receipts import Receipt
from flareflow_gate.asgi import Message, Receive, Scope, Send
from flareflow_gate.bookkeeping import Bookkeeping
from flareflow_gate.bounds import Bounds
from flareflow_gate.callers import Caller
from flareflow_gate.credit import CreditDesk, Granted
from flareflow_gate.gate import Gate
from flareflow_gate.key_reports import KeyReport
from flareflow_gate.models import CallableModels
from flareflow_gate.outbox import Outbox
from flareflow_gate.receipts import Receipts, ReceiptStore, Signer
from flareflow_gate.records import CallRecord

KEY: Final = "sk-virtual-key-of-a-customer"
MASTER_KEY: Final = "sk-master"
TOP_UP_URL: Final = "https://app.example/top-up"
NOW: Final = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
RECEIPT_LINE: Final = rb": x-flareflow-receipt (.*)\n"
SIGNER: Final = Signer(generate_private_key(SECP256R1()))
BOOK_HASH: Final = bytes(31) + b"\1"
EPOCH_SECONDS: Final = 300
TURNS: Final = 20
"""How often the event loop turns before the fake takes it that nobody tells it anything."""


@dataclass
class FakeLiteLLM:
    """Answers every request alike, and keeps what it was asked.

    It stops when it is told that the caller hung up. `endless`: after its parts it waits to be told.
    """

    status: int = 200
    parts: list[bytes] = field(default_factory=lambda: [b"{}"])
    headers_sent: list[tuple[bytes, bytes]] = field(default_factory=list)
    endless: bool = False
    never_begins: bool = False
    requests: list[Scope] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests.append(scope)
        if scope["method"] == "POST":
            self.bodies.append(json.loads((await receive())["body"]))
        told = asyncio.create_task(_hang_up(receive))
        try:
            await self._answer(send, told)
        finally:
            told.cancel()

    async def _answer(self, send: Send, told: "asyncio.Task[None]") -> None:
        if self.never_begins:
            await told
            return
        headers = [(b"content-type", b"application/json"), (b"x-litellm-response-cost", b"0.1"), *self.headers_sent]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        for number, part in enumerate(self.parts):
            more = self.endless or number < len(self.parts) - 1
            await send({"type": "http.response.body", "body": part, "more_body": more})
            for _ in range(TURNS):
                await asyncio.sleep(0)
            if told.done():
                return
        if self.endless:
            await told

    @property
    def headers(self) -> dict[str, str]:
        """Those of the last request."""
        return {name.decode(): value.decode() for name, value in self.requests[-1]["headers"]}


async def _hang_up(receive: Receive) -> None:
    assert (await receive())["type"] == "http.disconnect"


class CountingWords:
    """`TokenCounter` for which a token is a word."""

    def count(self, model: str, counted: Iterable[str]) -> int:
        del model
        return sum(len(text.split()) for text in counted)


@dataclass(frozen=True)
class Answered:
    """What the caller got; the receipt stands apart, since it is another one each time."""

    status: int
    all_headers: Mapping[str, str]
    whole: bytes

    @property
    def headers(self) -> Mapping[str, str]:
        return {name: value for name, value in self.all_headers.items() if name != "x-flareflow-receipt"}

    @property
    def body(self) -> bytes:
        return re.sub(RECEIPT_LINE, b"", self.whole)

    @property
    def receipt(self) -> str:
        """The receipt, by the header or the comment of a stream."""
        lines = [found[1].decode() for found in re.finditer(RECEIPT_LINE, self.whole)]
        (receipt,) = lines or [self.all_headers["x-flareflow-receipt"]]
        return receipt

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class FakePrices:
    """`Prices` of x1.0 for some models."""

    names: frozenset[str]

    def are_known(self) -> bool:
        return bool(self.names)

    def of(self, model: str) -> tuple[Price, ...]:
        return (Price(prompt=1_000_000, completion=1_000_000),) if model in self.names else ()

    def billed(self, model: str, base_model: str | None, tokens: Tokens) -> int:
        """x1.5 for what is known to be a deployment of gpt-4o, x1.0 for all else."""
        del model
        return tokens.total * (1_500_000 if base_model == "openai/gpt-4o" else 1_000_000)


@dataclass
class FakeCredit:
    """`CreditSource` with one subscription that can pay for `left` rated micro-tokens; `asked`: its requests.

    `others` is what other gates hold. `now` is the gate's clock.
    """

    left: int = 10**15
    others: int = 0
    key_left: int | None = None
    standing: str = "active"
    fails: Exception | None = None
    now: float = 1_000.0
    asked: list[tuple[int, int, int]] = field(default_factory=list)

    async def lease(self, key_hash: str, kept: int, needed: int, wanted: int) -> Granted:
        await asyncio.sleep(0)
        self.asked.append((kept, needed, wanted))
        if self.fails:
            raise self.fails
        left = self.left if self.standing in {"active", "warned"} else 0
        free, base = left - self.others, kept + needed
        held = base + min(wanted, (free - base) // 2) if base <= free else kept
        return Granted(
            standing=self.standing,
            held_microtokens=held,
            left_microtokens=left,
            lifetime_seconds=180,
            key_left_microtokens=self.key_left,
        )


@dataclass
class FakeKeyReports:
    """`KeyReports` with what FlareFlow told; `asked`: the keys that it was asked for."""

    told: Any = None
    asked: list[str] = field(default_factory=list)

    async def of(self, key_hash: str) -> KeyReport:
        self.asked.append(key_hash)
        return KeyReport.model_validate(self.told)


@dataclass(frozen=True)
class FakeReceiptStore:
    """`ReceiptStore` in memory."""

    kept: dict[tuple[str, str], str] = field(default_factory=dict)

    def put(self, receipt: Receipt, signed: str) -> None:
        self.kept[receipt.event_id, receipt.key_hash] = signed

    def find(self, event_id: str, key_hash: str) -> str | None:
        return self.kept.get((event_id, key_hash))


@dataclass
class GateHarness:
    """The gate, its LiteLLM and its outbox.

    `order`: what the caller was sent, and when a record was stored. `hangs_up_after`: parts until the caller is gone.
    `longest`: the longest answers of models that have another than 1,000 tokens.
    """

    litellm: FakeLiteLLM
    outbox: Outbox
    order: list[str] = field(default_factory=list)
    priced: frozenset[str] = frozenset({"gpt-4o"})
    fallbacks: dict[str, frozenset[str]] = field(default_factory=dict)
    thinking: frozenset[str] = frozenset()
    longest: dict[str, int] = field(default_factory=dict)
    call_seconds_max: float = 60.0
    hangs_up_after: int | None = None
    numbers: Any = field(default_factory=lambda: count(1))
    credit: FakeCredit = field(default_factory=FakeCredit)
    receipts: Receipts = field(default_factory=lambda: receipts_in(FakeReceiptStore()))
    reports: FakeKeyReports = field(default_factory=FakeKeyReports)

    def __post_init__(self) -> None:
        self.desk = CreditDesk(self.credit, TOP_UP_URL, lambda: self.credit.now, hand_over_seconds=0.0)

    @classmethod
    def at(cls, folder: Path) -> "GateHarness":
        return cls(FakeLiteLLM(), Outbox(folder / "outbox.db", "this-gate"))

    @property
    def gate(self) -> Gate:
        configured = dict.fromkeys(self.priced, frozenset[str]()) | self.fallbacks
        models = CallableModels(FakePrices(self.priced), configured, self.thinking.__contains__)
        return Gate(
            litellm=self.litellm,
            bookkeeping=Bookkeeping(
                outbox=self.outbox,
                counter=CountingWords(),
                credit=self.desk,
                bounds=Bounds(models, lambda model: self.longest.get(model, 1_000)),
                receipts=self.receipts,
                new_event_id=lambda: f"event-{next(self.numbers)}",
                clock=lambda: NOW,
                on_record=lambda: self.order.append("recorded"),
                base_models={"gpt-4o": frozenset({"openai/gpt-4o"})},
            ),
            models=models,
            is_management_key=lambda key_hash: key_hash == Caller(MASTER_KEY).key_hash,
            call_seconds_max=self.call_seconds_max,
            reports=self.reports,
        )

    def call(
        self,
        path: str = "/v1/chat/completions",
        body: object = None,
        *,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        query: bytes = b"",
    ) -> Answered:
        """One request; `body` is sent as JSON unless it is bytes."""
        content = body if isinstance(body, bytes) else json.dumps(chat() if body is None else body).encode()
        given = {"authorization": f"Bearer {KEY}"} | dict(headers or {})
        scope: MutableMapping[str, Any] = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }
        return asyncio.run(self._run(scope, content))

    async def _run(self, scope: Scope, content: bytes) -> Answered:
        sent: list[Message] = []
        gone = asyncio.Event()
        given = [content]

        async def send(message: Message) -> None:
            sent.append(message)
            body = re.sub(RECEIPT_LINE, b"", message.get("body", b""))
            self.order.append(body.decode() or message["type"])
            if len(sent) - 1 == self.hangs_up_after:
                gone.set()

        async def receive() -> Message:
            if given:
                return {"type": "http.request", "body": given.pop(), "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        if self.hangs_up_after == 0:
            gone.set()
        await self.gate(scope, receive, send)
        start: Message = sent[0] if sent else {"status": 0, "headers": []}
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answered(start["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))

    @property
    def records(self) -> list[CallRecord]:
        """What waits to be sent."""
        return [CallRecord.model_validate_json(stored.record) for stored in self.outbox.waiting(100)]


def receipts_in(kept: ReceiptStore) -> Receipts:
    """Receipts of this harness's key."""
    return Receipts(SIGNER, kept, lambda: BOOK_HASH, EPOCH_SECONDS)


def chat(**parameters: object) -> dict[str, object]:
    """A chat completion request."""
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": "one two three"}], **parameters}


def answer(prompt: int = 3, completion: int = 5) -> bytes:
    """A chat completion's answer."""
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return json.dumps({"id": "x", "model": "gpt-4o-2024-08-06", "choices": [], "usage": usage}).encode()


def event(document: object) -> bytes:
    """One event of a stream."""
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def delta(text: str) -> bytes:
    return event({"model": "gpt-4o", "choices": [{"index": 0, "delta": {"content": text}}]})


def usage_chunk(prompt: int, completion: int) -> bytes:
    """The chunk that tells the usage, as LiteLLM sends it."""
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "cost": 0.01}
    return event({"model": "gpt-4o", "choices": [{"index": 0, "delta": {}}], "usage": usage})


def openai_usage_chunk(prompt: int, completion: int) -> bytes:
    """The same as the gate sends it: in OpenAI's form, with what x1.5 tokens cost."""
    usage = f'{{"prompt_tokens":{prompt},"completion_tokens":{completion},"cost":{1.5 * (prompt + completion)}}}'
    return f'data: {{"model":"gpt-4o","choices":[],"usage":{usage}}}\n\n'.encode()


DONE: Final = b"data: [DONE]\n\n"


def done(cost: str) -> bytes:
    """The last event as the gate sends it."""
    return b": x-flareflow-cost " + cost.encode() + b"\n" + DONE
