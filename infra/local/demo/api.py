"""FlareFlow's HTTP API as the demo's customer and a stranger use it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Api:
    """A thin client; every answer that is not 2xx raises `httpx.HTTPStatusError` with the problem's text."""

    http: httpx.Client
    token: str = ""

    @classmethod
    def at(cls, url: str) -> "Api":
        return cls(httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS))

    def signed_in(self, token: str) -> "Api":
        return Api(self.http, token)

    def get(self, path: str) -> Any:
        return self._answer(self.http.get(path, headers=self._headers()))

    def text(self, path: str) -> str:
        response = self.http.get(path, headers=self._headers())
        response.raise_for_status()
        return response.text

    def post(self, path: str, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Any:
        return self._answer(self.http.post(path, json=dict(body), headers={**self._headers(), **(headers or {})}))

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    @staticmethod
    def _answer(response: httpx.Response) -> Any:
        if response.is_error:
            raise httpx.HTTPStatusError(
                f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text}",
                request=response.request,
                response=response,
            )
        return response.json()
