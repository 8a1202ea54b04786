"""What a virtual key may ask about itself: what it has used, and what is left. LiteLLM is not asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, Protocol

import httpx
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from flareflow_gate.costs import cost_text
from flareflow_gate.credit import Microtokens
from flareflow_gate.refusals import RefusedError

TIMEOUT_SECONDS: Final = 5.0
REMEMBERED_SECONDS: Final = 1.0
"""How long a report answers further requests of the same key, so that a flood of them asks once a second."""
REMEMBERED_MAX: Final = 10_000
UNIT: Final = "rated tokens"

_UNKNOWN_KEY: Final = RefusedError(HTTPStatus.UNAUTHORIZED, "invalid_api_key", "There is no such key.")
_NO_ANSWER: Final = RefusedError(
    HTTPStatus.SERVICE_UNAVAILABLE, "usage_unknown", "The usage of this key cannot be asked now. Try again."
)


class _Amounts(BaseModel):
    requests: int
    rated_microtokens: Microtokens


class _Day(_Amounts):
    day: str


class _Limits(BaseModel):
    models: Sequence[str] = ()
    expires_at: datetime | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


class KeyReport(BaseModel):
    """What FlareFlow tells about a key; amounts in rated micro-tokens."""

    limits: _Limits
    cap_microtokens: Microtokens | None
    key_left_microtokens: Microtokens | None
    standing: str
    left_microtokens: Microtokens
    total: _Amounts
    days: Sequence[_Day]


class KeyReports(Protocol):
    """Where reports come from. Raises RefusedError where there is none."""

    async def of(self, key_hash: str) -> KeyReport: ...


@dataclass(frozen=True, slots=True)
class HttpKeyReports:
    """`KeyReports` over `POST /internal/credit/keys`, each remembered for a second."""

    http: httpx.AsyncClient
    url: str
    secret: str
    clock: Callable[[], float]
    remembered: dict[str, tuple[float, KeyReport]] = field(default_factory=dict)

    async def of(self, key_hash: str) -> KeyReport:
        until, report = self.remembered.get(key_hash, (0.0, None))
        if report is None or self.clock() >= until:
            report = await self._ask(key_hash)
            if len(self.remembered) >= REMEMBERED_MAX:
                self.remembered.clear()
            self.remembered[key_hash] = self.clock() + REMEMBERED_SECONDS, report
        return report

    async def _ask(self, key_hash: str) -> KeyReport:
        headers = {"authorization": f"Bearer {self.secret}"}
        try:
            answer = await self.http.post(
                self.url, json={"key_hash": key_hash}, headers=headers, timeout=TIMEOUT_SECONDS
            )
            if answer.status_code == httpx.codes.NOT_FOUND and answer.json().get("code") == "key_not_found":
                raise _UNKNOWN_KEY
            return KeyReport.model_validate_json(answer.raise_for_status().content)
        except (httpx.HTTPError, ValidationError, ValueError, AttributeError) as error:
            raise _NO_ANSWER from error


def usage_answer(report: KeyReport) -> bytes:
    """The answer to `GET /v1/usage`."""
    days = [{"day": one.day, **_told(one)} for one in report.days]
    return to_json({"object": "usage", "unit": UNIT, "total": _told(report.total), "days": days})


def credits_answer(report: KeyReport, top_up_url: str) -> bytes:
    """The answer to `GET /v1/credits`."""
    key = {
        "cap": _text(report.cap_microtokens),
        "left": _text(report.key_left_microtokens),
        **report.limits.model_dump(mode="json"),
    }
    return to_json(
        {
            "object": "credits",
            "unit": UNIT,
            "standing": report.standing,
            "left": _text(report.left_microtokens),
            "key": key,
            "top_up_url": top_up_url,
        }
    )


def _told(amounts: _Amounts) -> Mapping[str, Any]:
    return {"requests": amounts.requests, "cost": cost_text(amounts.rated_microtokens)}


def _text(microtokens: int | None) -> str | None:
    return None if microtokens is None else cost_text(microtokens)
