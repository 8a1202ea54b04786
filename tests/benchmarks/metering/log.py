"""A spend log of any length, of rows in the form in which the real LiteLLM gave them (`tests/vectors/litellm`)."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx

from flareflow.adapters.litellm.spend_log import PAGE_ROWS_MAX, SPEND_LOG_TIME

RECORDED: Final[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "litellm" / "spend_logs_v2.json").read_bytes()
)
COUNTED_MAX: Final = 10_000
TOOK: Final = timedelta(seconds=1, milliseconds=733)

type Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call as both witnesses tell it. `number` makes its ids, which are as long as real ones."""

    number: int
    subscription_id: int
    started_at: datetime

    @property
    def call_id(self) -> str:
        return str(_uuid(f"call {self.number}"))

    @property
    def key_hash(self) -> str:
        return key_hash(self.subscription_id)

    @property
    def usage(self) -> dict[str, Any]:
        """The usage as OpenAI and Anthropic tell it, in turns; a third of the calls tell no details."""
        prompt, completion, cached = 1000 + self.number % 3777, 100 + self.number % 991, self.number % 512
        usage = {"total_tokens": prompt + completion, "prompt_tokens": prompt, "completion_tokens": completion}
        match self.number % 3:
            case 0:
                details = {"audio_tokens": 0, "cached_tokens": cached}
                out = {"audio_tokens": 0, "reasoning_tokens": completion // 2, "accepted_prediction_tokens": 0}
                return usage | {"prompt_tokens_details": details, "completion_tokens_details": out}
            case 1:
                return usage | {"cache_read_input_tokens": cached, "cache_creation_input_tokens": 0}
        return usage | {"prompt_tokens_details": None, "completion_tokens_details": None}

    @property
    def model(self) -> str:
        return ("gpt-4.1-mini", "claude-sonnet-4-5", "gemini-2.5-flash")[self.number % 3]

    def row(self) -> Row:
        """The row of the spend log."""
        recorded, usage = RECORDED["data"][0], self.usage
        tokens = {name: usage[name] for name in ("total_tokens", "prompt_tokens", "completion_tokens")}
        return {
            **recorded,
            **tokens,
            "request_id": f"chatcmpl-{_uuid(f'answer {self.number}').hex}",
            "api_key": self.key_hash,
            "spend": (self.number + 1) * 1.7e-06,
            "startTime": self.started_at.isoformat(timespec="milliseconds"),
            "endTime": (self.started_at + TOOK).isoformat(timespec="milliseconds"),
            "model": f"provider/{self.model}",
            "model_group": self.model,
            "metadata": {**recorded["metadata"], "usage_object": usage},
            "litellm_call_id": self.call_id,
        }

    def record(self) -> Row:
        """The record of the gate."""
        usage, details = self.usage, self.usage.get("prompt_tokens_details") or {}
        cached = details.get("cached_tokens", 0) + usage.get("cache_read_input_tokens", 0)
        return {
            "event_id": self.call_id,
            "key_hash": self.key_hash,
            "call_type": "acompletion",
            "model": self.model,
            "answered_by": f"{self.model}-2026-01-01",
            "ending": "complete",
            "tokens": {
                "prompt": usage["prompt_tokens"] - cached,
                "cache_read": cached,
                "completion": usage["completion_tokens"],
            },
            "started_at": self.started_at.isoformat(),
            "ended_at": (self.started_at + TOOK).isoformat(),
        }


def key_hash(subscription_id: int) -> str:
    return hashlib.sha256(f"key {subscription_id}".encode()).hexdigest()


def _uuid(name: str) -> UUID:
    return UUID(bytes=hashlib.sha256(name.encode()).digest()[:16], version=4)


@dataclass(slots=True)
class Log:
    """A spend log whose calls begin at equal distances; each call is of the next subscription, over and over.

    `handle` answers requests as `GET /spend/logs/v2` does, and counts them.
    """

    subscriptions: int
    each: int
    begin: datetime
    span: timedelta
    requests: int = field(default=0, init=False)
    texts: dict[int, bytes] = field(default_factory=dict, init=False)
    """The rows that were asked for, as JSON text, so that a log answers as fast as it can when it is read again."""

    @property
    def rows(self) -> int:
        return self.subscriptions * self.each

    @property
    def keys(self) -> dict[str, int]:
        """The subscription of each key."""
        return {key_hash(one): one for one in range(1, self.subscriptions + 1)}

    def call(self, number: int) -> Call:
        return Call(number, 1 + number % self.subscriptions, self.begin + number * self._apart)

    def calls(self) -> Sequence[Call]:
        return [self.call(number) for number in range(self.rows)]

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        return httpx.Response(200, content=self.answer(request.url.params))

    def answer(self, query: Mapping[str, str]) -> bytes:
        """The body of an answer. There are no failures in this log."""
        first, after = self._between(query["start_date"], query["end_date"])
        if query["status_filter"] != "success":
            first = after
        size, total = int(query["page_size"]), after - first
        begin = first + (int(query["page"]) - 1) * size
        rows = [self.row_text(number) for number in range(begin, min(begin + size, after))]
        return page_text(rows, min(total, COUNTED_MAX), is_capped=total > COUNTED_MAX)

    def row_text(self, number: int) -> bytes:
        if number not in self.texts:
            self.texts[number] = json_text(self.call(number).row())
        return self.texts[number]

    def _between(self, start: str, end: str) -> tuple[int, int]:
        """The number of the first call of a window, and of the first one after it."""
        low, high = (datetime.strptime(text, SPEND_LOG_TIME).replace(tzinfo=UTC) for text in (start, end))
        first = max(0, math.ceil((low - self.begin) / self._apart))
        return first, max(first, min(self.rows, math.floor((high - self.begin) / self._apart) + 1))

    @property
    def _apart(self) -> timedelta:
        return self.span / self.rows


def page_text(rows: Sequence[bytes], total: int, *, is_capped: bool = False) -> bytes:
    """The answer with these rows."""
    around = RECORDED | {"data": [], "total": total, "page_size": PAGE_ROWS_MAX, "total_is_capped": is_capped}
    return json_text(around).replace(b"[]", b"[" + b",".join(rows) + b"]", 1)


def json_text(value: object) -> bytes:
    """JSON without spaces, as LiteLLM writes it."""
    return json.dumps(value, separators=(",", ":")).encode()
