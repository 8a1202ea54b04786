"""What the gate adds to a call, measured in the real gate around the real LiteLLM.

`python -m tests.benchmarks.gate` writes `.local/bench/gate.json`. `added_*` are by a stopwatch inside the gate's
process (`gate_stopwatch`), which counts what the gate does and not what LiteLLM does meanwhile. `side_by_side_*`
compare medians of calls made in pairs, one at the gate and one at LiteLLM alone, from outside; they hold whatever else
the machine does. The growth of memory is that of this process, which sends streams through a gate with a stand-in for
LiteLLM.
"""

import asyncio
import gc
import json
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Final

import httpx
import psutil

from flareflow_gate.asgi import Message, Receive, Scope, Send
from flareflow_gate.bookkeeping import Bookkeeping
from flareflow_gate.bounds import Bounds
from flareflow_gate.credit import CreditDesk
from flareflow_gate.gate import Gate
from flareflow_gate.models import CallableModels
from flareflow_gate.outbox import Outbox
from flareflow_gate.receipts import KeptReceipts
from infra.paths import LOCAL
from tests.support.doors import Doors, both_doors
from tests.unit.proxy.gate_harness import TOP_UP_URL, FakeCredit, FakeKeyReports, FakePrices, receipts_in

PORT_BASE: Final = "24700"
CALLS: Final = 200
WARM_UP: Final = 20
STREAM_TOKENS: Final = 20
STREAMS: Final = 10_000
STREAMS_BEFORE: Final = 1_000
AT_ONCE: Final = 50
PARTS_A_STREAM: Final = 20
KIB: Final = 1024
MESSAGES: Final = [{"role": "user", "content": "one two three"}]


def p95_ms(seconds: Sequence[float]) -> float:
    return round(1000 * quantiles(seconds, n=20)[-1], 3)


def median_ms(seconds: Sequence[float]) -> float:
    return round(1000 * quantiles(seconds, n=2)[0], 3)


def call_seconds(http: httpx.Client, door: str) -> float:
    """From sending a call to the end of its answer."""
    body = {"model": "gpt-4o", "max_tokens": STREAM_TOKENS, "messages": MESSAGES}
    begin = time.perf_counter()
    http.post(f"{door}/v1/chat/completions", json=body).raise_for_status()
    return time.perf_counter() - begin


def first_byte_seconds(http: httpx.Client, door: str) -> float:
    """From sending a call to the first byte of its stream, which is then read to its end."""
    body = {"model": "gpt-4o", "max_tokens": STREAM_TOKENS, "stream": True, "messages": MESSAGES}
    begin = time.perf_counter()
    with http.stream("POST", f"{door}/v1/chat/completions", json=body) as answer:
        parts = answer.raise_for_status().iter_raw()
        next(parts)
        first = time.perf_counter() - begin
        for _ in parts:
            pass
    return first


def side_by_side(doors: Doors, measure: Callable[[httpx.Client, str], float]) -> tuple[list[float], list[float]]:
    """Seconds at the gate, and seconds at LiteLLM alone."""
    headers = {"authorization": f"Bearer {doors.new_key()}"}
    at_gate, alone = [], []
    with httpx.Client(headers=headers, timeout=60) as http:
        for _ in range(WARM_UP + CALLS):
            at_gate.append(measure(http, doors.gate))
            alone.append(measure(http, doors.alone))
    return at_gate[WARM_UP:], alone[WARM_UP:]


def added(doors: Doors) -> dict[str, float]:
    """What the gate adds, in milliseconds."""
    found: dict[str, float] = {}
    for name, measure in (("", call_seconds), ("first_byte_", first_byte_seconds)):
        httpx.get(f"{doors.alone}/seconds")  # what the other measurement left
        at_gate, alone = side_by_side(doors, measure)
        inside = httpx.get(f"{doors.alone}/seconds").raise_for_status().json()[WARM_UP:]
        found[f"added_{name}p50_ms"], found[f"added_{name}p95_ms"] = median_ms(inside), p95_ms(inside)
        found[f"side_by_side_{name}p50_ms"] = round(median_ms(at_gate) - median_ms(alone), 3)
        found[f"litellm_{name}p50_ms"] = median_ms(alone)
    return found


class CountingNothing:
    """`TokenCounter` that is never asked: every stream tells its usage."""

    def count(self, model: str, counted: Iterable[str]) -> int:
        raise AssertionError(model, counted)


async def streaming_litellm(_: Scope, receive: Receive, send: Send) -> None:
    """A stand-in for LiteLLM: a stream of `PARTS_A_STREAM` words that tells its usage."""
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    word = b'data: {"model":"gpt-4o","choices":[{"index":0,"delta":{"content":"word "}}]}\n\n'
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":20}}\n\n'
    for part in (*[word] * PARTS_A_STREAM, usage):
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n", "more_body": False})


async def stream_memory_growth_kib(folder: Path) -> int:
    """How much more memory the process holds after `STREAMS` streams than after the first `STREAMS_BEFORE`."""
    outbox = Outbox(folder / "outbox.db", "bench")
    models = CallableModels(FakePrices(frozenset({"gpt-4o"})), {"gpt-4o": frozenset()})
    kept = KeptReceipts(folder / "receipts.db")
    desk = CreditDesk(FakeCredit(), TOP_UP_URL, time.monotonic)
    bookkeeping = Bookkeeping(
        outbox=outbox,
        counter=CountingNothing(),
        credit=desk,
        bounds=Bounds(models, lambda model: 1_000),
        receipts=receipts_in(kept),
        new_event_id=lambda: str(uuid.uuid4()),
        clock=lambda: datetime.now(UTC),
        on_record=lambda: None,
    )
    gate = Gate(streaming_litellm, bookkeeping, models, lambda _: False, 60.0, FakeKeyReports())
    await _stream_through(gate, STREAMS_BEFORE)
    before = _memory()
    await _stream_through(gate, STREAMS)
    grown = (_memory() - before) // KIB
    kept.close()
    outbox.close()
    return grown


async def _stream_through(gate: Gate, streams: int) -> None:
    outbox = gate.bookkeeping.outbox
    for _ in range(streams // AT_ONCE):
        await asyncio.gather(*(_one_stream(gate) for _ in range(AT_ONCE)))
        event_ids = [stored.event_id for stored in outbox.waiting(AT_ONCE)]
        outbox.forget(event_ids)
        gate.bookkeeping.credit.handed_over(event_ids)


async def _one_stream(gate: Gate) -> None:
    body = json.dumps({"model": "gpt-4o", "stream": True, "messages": MESSAGES}).encode()
    scope: dict[str, object] = {"type": "http", "method": "POST", "path": "/v1/chat/completions"}
    given = [body]

    async def receive() -> Message:
        return {"type": "http.request", "body": given.pop()}

    async def send(_: Message) -> None:
        await asyncio.sleep(0)

    await gate(scope | {"headers": [(b"authorization", b"Bearer sk-bench")]}, receive, send)


def _memory() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        growth = asyncio.run(stream_memory_growth_kib(Path(folder)))
    with both_doors(PORT_BASE, careless=False, program="tests.benchmarks.gate_stopwatch") as doors:
        found = {**added(doors), "stream_memory_growth_kib": growth, "calls": CALLS, "streams": STREAMS}
    file = LOCAL / "bench" / "gate.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=1) + "\n")
    sys.stdout.write(file.read_text())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
