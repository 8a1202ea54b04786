"""The model calls of the main job: of several models and sizes, and some that fail upstream."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from infra.waiting import pause

CALLS: Final = 25
FAILING: Final = frozenset({4, 9, 14, 19})
MODELS: Final = ("gpt-4o", "claude-3-opus", "gpt-3.5-turbo", "claude-3-haiku", "gpt-4.1-mini")
CHAT_PATH: Final = "/v1/chat/completions"
CALL_TIMEOUT_SECONDS: Final = 300.0
"""More than the gate gives a call before it ends it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One chat completion to make: `words` of prompt, an answer of `completion_tokens`."""

    number: int
    model: str
    words: int
    completion_tokens: int
    fails: bool

    def body(self) -> dict[str, object]:
        prompt = " ".join(f"word{n}" for n in range(self.words)) + (" boom" if self.fails else "")
        return {
            "model": self.model,
            "max_tokens": self.completion_tokens,
            "messages": [{"role": "user", "content": prompt}],
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """How a call ended; `ended` is by `time.monotonic`."""

    litellm_call_id: str
    ok: bool
    tokens: int
    ended: float


def planned_calls() -> tuple[Call, ...]:
    """Always the same calls: each model in turn, with five to some thousands of tokens."""
    return tuple(
        Call(
            number=n,
            model=MODELS[n % len(MODELS)],
            words=5 + 37 * n,
            completion_tokens=20 + 113 * ((n * 7) % CALLS),
            fails=n in FAILING,
        )
        for n in range(CALLS)
    )


async def make_calls(litellm_url: str, virtual_key: str, calls: Sequence[Call]) -> list[Answer]:
    """Make the calls one after the other, as a customer's program would."""
    headers = {"authorization": f"Bearer {virtual_key}"}
    async with httpx.AsyncClient(base_url=litellm_url, headers=headers, timeout=CALL_TIMEOUT_SECONDS) as client:
        return [await _answer(client, call) for call in calls]


async def asked(client: httpx.AsyncClient, body: Mapping[str, object]) -> httpx.Response:
    """The gate's answer to a chat completion, whatever it says; while it is busy, it is asked again.

    503 says that credit cannot be asked for now. Such a call has reached no model. Raises TimeoutError where that does
    not end.
    """
    async with asyncio.timeout(CALL_TIMEOUT_SECONDS):
        while (response := await client.post(CHAT_PATH, json=body)).status_code == httpx.codes.SERVICE_UNAVAILABLE:
            await pause()
    return response


async def _answer(client: httpx.AsyncClient, call: Call) -> Answer:
    response = await asked(client, call.body())
    usage = response.json().get("usage", {}) if response.is_success else {}
    return Answer(
        litellm_call_id=response.headers.get("x-flareflow-event-id", ""),
        ok=response.is_success,
        tokens=usage.get("total_tokens", 0),
        ended=time.monotonic(),
    )
