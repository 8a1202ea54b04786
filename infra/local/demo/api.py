"""A client of FlareFlow's HTTP API, for the customer and for the public."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import httpx

TIMEOUT_SECONDS: Final = 120.0
WAITS_MAX: Final = 5
WAIT_SECONDS: Final = 1.0
"""Where the answer does not say how long."""
BUSY: Final = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE})


class ApiError(Exception):
    """An answer other than 2xx; the message contains the status and the body."""

    def __init__(self, response: httpx.Response) -> None:
        request = response.request
        super().__init__(f"{request.method} {request.url.path}: {response.status_code} {response.text}")
        self.status = response.status_code


@dataclass(frozen=True, slots=True)
class Api:
    """A client that raises ApiError for every answer other than 2xx. Where the API is busy, it waits, a few times."""

    http: httpx.Client
    token: str = field(default="", repr=False)

    @classmethod
    def at(cls, url: str, token: str = "") -> "Api":
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return cls(httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, headers=headers), token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str) -> Any:
        return self._answer("GET", path).json()

    def text(self, path: str) -> str:
        return self._answer("GET", path).text

    def post(self, path: str, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Any:
        return self._answer("POST", path, json=dict(body), headers=dict(headers or {})).json()

    def _answer(self, method: str, path: str, **request: Any) -> httpx.Response:
        response = self.http.request(method, path, **request)
        for _ in range(WAITS_MAX):
            if response.status_code not in BUSY:
                break
            time.sleep(min(float(response.headers.get("retry-after", WAIT_SECONDS)), TIMEOUT_SECONDS))
            response = self.http.request(method, path, **request)
        if response.is_error:
            raise ApiError(response)
        return response
