"""What FlareFlow's API and its gate tell whoever shows a session or a virtual key, and what they tell everybody."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote

import httpx
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from flareflow.adapters.http import read_answer
from flareflow_verify.bundle import Count, Name
from flareflow_verify.sources.http import NotThereError, SourceError, require_confidential

ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024
ITEMS_MAX: Final = 1_000
PAGES_MAX: Final = 100
REASON_CHARACTERS_MAX: Final = 300


class SignedOutError(SourceError):
    """What was shown is not valid, or not any more."""


class Parts(BaseModel):
    """A part of an answer; fields that are not named here are passed over."""


type Query = Mapping[str, str | tuple[str, ...] | None]
"""Parameters; those that are None are left out."""

type Items[T] = Annotated[tuple[T, ...], Field(max_length=ITEMS_MAX)]
type Named[T] = Annotated[dict[Name, T], Field(max_length=ITEMS_MAX)]


class KeyAmounts(Parts):
    requests: int
    cost: Name


class KeyDay(KeyAmounts):
    day: Name


class KeyUsage(Parts):
    """`GET /v1/usage` of the gate. Costs are rated tokens as decimal text."""

    total: KeyAmounts
    days: Items[KeyDay]


class KeyState(Parts):
    """The limits of a key; null where it has none of its own."""

    models: Items[Name] = ()
    expires_at: datetime | None = None
    requests_per_minute: Count | None = None
    tokens_per_minute: Count | None = None
    cap: Name | None
    left: Name | None


class KeyCredits(Parts):
    """`GET /v1/credits` of the gate."""

    standing: Name
    left: Name
    key: KeyState
    top_up_url: Name


class Pricing(Parts):
    prompt: Name | None = None
    completion: Name | None = None


class Model(Parts):
    id: Name
    pricing: Pricing = Pricing()


class Models(Parts):
    """`GET /v1/models` of the gate."""

    data: Items[Model]


class _Page[T](Parts):
    items: Items[T]
    next_cursor: Name | None


FAILURES: Final[Mapping[int, type[SourceError]]] = {
    HTTPStatus.NOT_FOUND: NotThereError,
    HTTPStatus.UNAUTHORIZED: SignedOutError,
    HTTPStatus.FORBIDDEN: SignedOutError,
}


class _Reason(Parts):
    """What a failure says: of the API, of API Gateway, or of the gate as OpenAI writes it."""

    detail: Name | None = None
    what_to_do: Name | None = None
    message: Name | None = None
    error: "_Reason | None" = None

    @property
    def text(self) -> str:
        found = [self.detail or self.message, self.what_to_do]
        return self.error.text if self.error else " ".join(one for one in found if one)


def segment(value: str | int) -> str:
    """A value as one segment of a path."""
    return quote(str(value), safe="")


def gate_url(models_url: str) -> str:
    """Where the gate is, without the version of its API."""
    return models_url.removesuffix("/").removesuffix("/v1")


@dataclass(frozen=True, slots=True)
class Service:
    """One server of FlareFlow and what is shown to it. Every method raises SourceError without a usable answer."""

    http: httpx.Client
    url: str
    credential: str | None = None

    def get[T](self, model: type[T], path: str, query: Query | None = None) -> T:
        return self._parsed(model, path, self._ask("GET", path, query))

    def all[T](self, item: type[T], path: str, query: Query | None = None) -> Iterator[T]:
        """The items of every part of a list."""
        cursor: Query = {}
        for _ in range(PAGES_MAX):
            page = self.get(_Page[item], path, {**(query or {}), **cursor})  # type: ignore[valid-type]
            yield from page.items
            if page.next_cursor is None:
                return
            cursor = {"cursor": page.next_cursor}
        raise SourceError(f"{path} has more than {PAGES_MAX} parts")

    def post[T](self, model: type[T], path: str, body: BaseModel | None = None) -> T:
        """Ask for something new, under a name of its own, so that a request that is repeated makes it once."""
        headers = {"idempotency-key": secrets.token_hex(16)}
        sent = None if body is None else body.model_dump(mode="json", exclude_unset=True)
        return self._parsed(model, path, self._ask("POST", path, headers=headers, body=sent))

    def delete(self, path: str) -> None:
        self._ask("DELETE", path)

    def _ask(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> bytes:
        shown = dict(headers or {})
        if self.credential is not None:
            require_confidential(self.url)
            shown["authorization"] = f"Bearer {self.credential}"
        url = f"{self.url.rstrip('/')}{path}"
        try:
            params = {name: value for name, value in (query or {}).items() if value is not None}
            stream = self.http.stream(method, url, params=params or None, headers=shown, json=body)
            answer = read_answer(stream, ANSWER_BYTES_MAX)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise SourceError(f"{url} gave no answer: {error}") from error
        if not answer.is_success:
            reason = f"{url} answered {answer.status}: {_reason(answer.body)}"
            raise FAILURES.get(answer.status, SourceError)(reason)
        return answer.body

    @staticmethod
    def _parsed[T](model: type[T], path: str, content: bytes) -> T:
        try:
            return TypeAdapter(model).validate_json(content)
        except ValidationError as error:
            raise SourceError(f"{path} was answered in an unknown form") from error


def _reason(body: bytes) -> str:
    try:
        return _Reason.model_validate_json(body).text[:REASON_CHARACTERS_MAX] or "no reason"
    except ValidationError:
        return "no reason"
