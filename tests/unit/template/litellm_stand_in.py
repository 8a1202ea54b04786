"""LiteLLM as the functions of a deployment see it, at the level of HTTP."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from flareflow.adapters.dynamodb import usage_items
from flareflow.adapters.litellm import spend_log

PAGE_ROWS: Final = 3
"""Rows of a full page of the spend log, here."""
SECRET: Final = "sk-" + "0123456789abcdef"
KEY_HASH: Final = hashlib.sha256(SECRET.encode()).hexdigest()

type Event = dict[str, Any]


@dataclass
class LiteLLM:
    """LiteLLM behind httpx: one key, and the spend log that the test writes.

    Every window of the spend log has all of `rows`, unless it ends before `rows_since`, a time as
    LiteLLM writes it: then it has none.
    """

    rows: list[Event] = field(default_factory=list)
    rows_since: str = ""
    is_down: bool = False
    state: Event = field(default_factory=lambda: {"blocked": True, "metadata": {"blocked_by": "flareflow"}})

    def handle(self, request: httpx.Request) -> httpx.Response:
        if self.is_down:
            raise httpx.ConnectError("down", request=request)
        return httpx.Response(200, json=self._answer(request))

    def _answer(self, request: httpx.Request) -> object:
        if request.url.path == "/spend/logs/v2":
            failed = request.url.params["status_filter"] == "failure"
            has_rows = request.url.params["end_date"] > self.rows_since
            rows = [row for row in self.rows if has_rows and (row["status"] == "failure") == failed]
            return {"data": rows, "total": len(rows)}
        if request.url.path == "/user/daily/activity":
            spent = {KEY_HASH: {"metrics": {"spend": 1, "successful_requests": 9}}}
            day = {"date": request.url.params["start_date"], "breakdown": {"api_keys": spent}}
            return {"results": [day], "metadata": {"has_more": False}}
        return self._about_keys(request)

    def _about_keys(self, request: httpx.Request) -> object:
        """All keys are alike: blocked at first, with a budget of a cent."""
        asked = json.loads(request.content or b"{}")
        match request.url.path:
            case "/key/info":
                return {"key": request.url.params["key"], "info": {"max_budget": 0.01, **self.state}}
            case "/key/list":
                return {"keys": [{"token": KEY_HASH, "total_spend": 1}], "total_pages": 1}
            case "/key/delete":
                return {"deleted_keys": asked.get("keys") or asked["key_aliases"]}
            case "/key/update":
                self.state |= {name: asked[name] for name in self.state if name in asked}
                return {**asked, "token": asked["key"]}
            case _:
                return {"key": SECRET, "token": KEY_HASH, "max_budget": asked["max_budget"]}

    @contextmanager
    def running(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(spend_log, "PAGE_ROWS_MAX", PAGE_ROWS)
            patch.setattr(usage_items, "WAITING_IN_LIVE_MAX", 1)
            patch.setattr(httpx.HTTPTransport, "handle_request", self.handle)
            yield


def row(number: int, at: datetime, key_hash: str = KEY_HASH) -> Event:
    """A finished call as the spend log tells of it."""
    return {
        "request_id": f"answer-{number}",
        "call_type": "acompletion",
        "litellm_call_id": f"call-{number}",
        "model": "gpt-4.1-mini",
        "model_group": "gpt-4.1-mini",
        "prompt_tokens": 1000,
        "completion_tokens": 100,
        "total_tokens": 1100,
        "status": "success",
        "api_key": key_hash,
        "metadata": {"user_api_key_hash": key_hash},
        "spend": 0.001,
        "startTime": at.isoformat(),
        "endTime": (at + timedelta(seconds=1)).isoformat(),
    }


def record(number: int, at: datetime) -> Event:
    """The same call as the gate tells of it."""
    return {
        "event_id": f"call-{number}",
        "key_hash": KEY_HASH,
        "call_type": "acompletion",
        "model": "gpt-4.1-mini",
        "ending": "complete",
        "tokens": {"prompt": 1000, "completion": 100},
        "started_at": at.isoformat(),
        "ended_at": (at + timedelta(seconds=1)).isoformat(),
    }
