"""Leases of credit over HTTP."""

from dataclasses import dataclass
from typing import Final

import httpx
from pydantic import ValidationError

from flareflow_gate.credit import CreditUnavailableError, Granted, UnknownKeyError

TIMEOUT_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class HttpCreditSource:
    """`CreditSource` over `POST /internal/credit`; `gate` names this process."""

    http: httpx.AsyncClient
    url: str
    secret: str
    gate: str

    async def lease(self, key_hash: str, kept: int, needed: int, wanted: int) -> Granted:
        amounts = {"kept_microtokens": kept, "needed_microtokens": needed, "wanted_microtokens": wanted}
        body = {"gate": self.gate, "key_hash": key_hash} | {name: str(amount) for name, amount in amounts.items()}
        headers = {"authorization": f"Bearer {self.secret}"}
        try:
            answer = await self.http.post(self.url, json=body, headers=headers, timeout=TIMEOUT_SECONDS)
            if answer.status_code == httpx.codes.NOT_FOUND and answer.json().get("code") == "key_not_found":
                raise UnknownKeyError
            return Granted.model_validate_json(answer.raise_for_status().content)
        except (httpx.HTTPError, ValidationError, ValueError, AttributeError) as error:
            raise CreditUnavailableError(f"{type(error).__name__}") from error
