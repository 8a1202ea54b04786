"""What goes beyond a deposit, and how soon the next call is refused, measured on the whole local stack with two gates.

`python -m tests.benchmarks.credit` starts the stack if none runs, and writes `.local/bench/credit.json`. A round is a
new subscription of 1 FLOW, which pays for 50,000 rated tokens, and 50 calls at once, every other one at the second
gate; each can cost a quarter of the deposit. `crossing_to_refusal_*` are from the end of the last answered call to the
arrival of the refusal of a call that is made then.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from statistics import quantiles
from typing import Any, Final

import httpx
from rich.console import Console

from infra.local import stack
from infra.local.demo import job
from infra.local.demo.calls import CALL_TIMEOUT_SECONDS, asked
from infra.local.demo.customer import Subscriber
from infra.local.demo.run import Stack
from infra.local.launch import Facts
from infra.local.litellm import servers
from infra.local.ports import HOST, port_base
from infra.local.run_dir import run_dir
from infra.local.server import answers
from infra.paths import LOCAL
from infra.waiting import until

CALLS: Final = 50
ROUNDS: Final = 10
DEPOSIT_UFIX64: Final = 10**8
DEPOSIT_MICROTOKENS: Final = 50_000 * 10**6
BODY: Final = {"model": "gpt-4o", "max_tokens": 7_000, "messages": [{"role": "user", "content": "one two three"}]}
"""A call that can cost some 12,200 rated tokens, and costs 10,500."""
PORTS_OF_SECOND_GATE: Final = (71, 73)
"""Of the gate and of its LiteLLM, from the base of the stack's ports."""


@dataclass(frozen=True, slots=True)
class Round:
    """What became of one subscription. Usage is in rated micro-tokens."""

    answered: int
    refusals: Sequence[tuple[int, str]]
    metered_microtokens: int
    refusal_seconds: Sequence[float]

    @property
    def overshoot_microtokens(self) -> int:
        return max(0, self.metered_microtokens - DEPOSIT_MICROTOKENS)


@contextmanager
def second_gate(facts: Facts) -> Iterator[str]:
    """Another gate with a LiteLLM of its own, on the database of the stack's; its URL."""
    port, admin_port = (port_base() + offset for offset in PORTS_OF_SECOND_GATE)
    secrets = stack.secret_values()
    first = servers.litellm(secrets["LitellmMasterKey"], facts["api_url"], secrets["UsagePushSecret"])
    outbox = run_dir() / "second-gate"
    ports = {"FLAREFLOW_GATE_PORT": str(port), "FLAREFLOW_GATE_ADMIN_PORT": str(admin_port)}
    gate = replace(
        first,
        name="second-gate",
        command=[*first.command[:-1], str(outbox)],
        ports=[],
        is_ready=answers(f"http://{HOST}:{port}/health/readiness"),
        env={**first.env, **ports, "FLAREFLOW_GATE_OUTBOX": str(outbox / "outbox.db")},
    )
    try:
        gate.start()
        yield f"http://{HOST}:{port}"
    finally:
        gate.stop()


def play_round(running: Stack, gates: Sequence[str]) -> Round:
    """A new customer makes all calls at once, and then one more call at each gate."""
    subscriber = Subscriber.open(running.flow, DEPOSIT_UFIX64)
    api = job.signed_in(running, subscriber)
    with api:
        secret, _ = subscriber.make_key(api)
        outcomes, refusal_seconds = asyncio.run(_all_calls(gates, secret))
        answered = [one for one in outcomes if one.is_success]
        wanted = sum(one.json()["usage"]["total_tokens"] for one in answered) * 1_500_000
        path = f"/v1/subscriptions/{subscriber.subscription_id}"
        metered = until(lambda: _metered(api.get(path), wanted), job.WAIT_SECONDS_MAX)
    refused = [(one.status_code, one.json()["error"]["code"]) for one in outcomes if one.is_error]
    return Round(len(answered), refused, metered, refusal_seconds)


def measure(facts: Facts, rounds: int) -> tuple[Sequence[Round], Mapping[str, float]]:
    with Stack.of(facts) as running, second_gate(facts) as second:
        played = [play_round(running, [facts["litellm_url"], second]) for _ in range(rounds)]
    return played, _figures(played)


def _figures(played: Sequence[Round]) -> Mapping[str, float]:
    cuts = quantiles([seconds for one in played for seconds in one.refusal_seconds], n=20)
    return {
        "rounds": len(played),
        "calls_at_once": CALLS,
        "gates": 2,
        "answered_min": min(one.answered for one in played),
        "answered_max": max(one.answered for one in played),
        "deposit_rated_tokens": DEPOSIT_MICROTOKENS // 10**6,
        "metered_rated_tokens_max": max(one.metered_microtokens for one in played) // 10**6,
        "overshoot_rated_tokens_max": max(one.overshoot_microtokens for one in played) // 10**6,
        "crossing_to_refusal_p50_ms": round(1_000 * cuts[9], 1),
        "crossing_to_refusal_p95_ms": round(1_000 * cuts[-1], 1),
    }


async def _all_calls(gates: Sequence[str], secret: str) -> tuple[Sequence[httpx.Response], Sequence[float]]:
    headers = {"authorization": f"Bearer {secret}"}
    limits = httpx.Limits(max_connections=2 * CALLS)
    async with AsyncExitStack() as opened:
        clients = [
            await opened.enter_async_context(
                httpx.AsyncClient(base_url=gate, headers=headers, timeout=CALL_TIMEOUT_SECONDS, limits=limits)
            )
            for gate in gates
        ]
        at_once = (asked(clients[number % len(clients)], BODY) for number in range(CALLS))
        outcomes = list(await asyncio.gather(*at_once))
        while (more := await asked(clients[0], BODY)).is_success:
            outcomes.append(more)
        seconds = []
        for client in clients:
            begun = time.perf_counter()
            outcomes.append(await asked(client, BODY))
            seconds.append(time.perf_counter() - begun)
        return outcomes, seconds


def _metered(view: Mapping[str, Any], wanted: int) -> int | None:
    """The rated micro-tokens of a subscription, once they are as many as its answers tell."""
    usage = view["usage"]
    metered = sum(int(usage[name]["rated_microtokens"]) for name in ("counted", "unconfirmed"))
    return metered if metered >= wanted else None


def main() -> None:
    facts = stack.up(Console(stderr=True))
    _, figures = measure(facts, ROUNDS)
    file = LOCAL / "bench" / "credit.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(file.read_text())


if __name__ == "__main__":
    main()
