"""What FlareFlow's API and its gate tell whoever shows a session or a virtual key, and what they tell everybody."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

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


class Networks(Parts):
    """The networks of a deployment: `access_node` of Flow, `rpc` and `registry` of Flare."""

    access_node: Name | None = None
    network: Name | None = None
    rpc: Name | None = None
    registry: Name | None = None


class Deployment(Parts):
    """`GET /v1/deployment`."""

    flow: Networks
    flare: Networks
    models_url: Name
    live_url: Name
    epoch_seconds: Count


class Amounts(Parts):
    """Usage in tokens, calls and rated micro-tokens."""

    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    reasoning_tokens: Count = 0
    cache_read_tokens: Count = 0
    requests: Count = 0
    rated_microtokens: Count = 0


class Tariff(Parts):
    currency: Name


class Balances(Parts):
    """What the contract has of a subscription, as the API knows it. Money in 1e-8."""

    subscription_id: Count
    status: Name
    tariff: Tariff
    balance_ufix64: Count
    charged_ufix64: Count
    owed_ufix64: Count
    settled_microtokens: Count


class LiveUsage(Parts):
    counted: Amounts
    unconfirmed: Amounts


class OwnSubscription(Parts):
    """A subscription of the session's account now."""

    subscription: Balances
    usage: LiveUsage
    pending_microtokens: Count
    estimated_charge_ufix64: Count | None
    standing: Name | None


class KeyLimits(Parts):
    models: Annotated[tuple[Name, ...], Field(max_length=ITEMS_MAX)] = ()
    expires_at: datetime | None = None
    requests_per_minute: Count | None = None
    tokens_per_minute: Count | None = None


class OwnKey(Parts):
    """A key of a subscription, without its secret."""

    key_hash: Name
    alias: Name
    status: Name
    created_at: datetime
    limits: KeyLimits
    cap_microtokens: Count | None = None


class NewKey(Parts):
    """A key that was made just now: `key` is its secret, which no later answer has."""

    key: Name
    key_hash: Name
    alias: Name


class Group(Parts):
    key_hash: Name | None = None
    model: Name | None = None
    start: datetime | None = None


class SummedUsage(Parts):
    """The usage of one group."""

    group: Group
    pending: Amounts
    sealed: Amounts
    settled: Amounts


class KeyAmounts(Parts):
    requests: int
    cost: Name


class KeyDay(KeyAmounts):
    day: Name


class KeyUsage(Parts):
    """`GET /v1/usage` of the gate. Costs are rated tokens as decimal text."""

    total: KeyAmounts
    days: Annotated[tuple[KeyDay, ...], Field(max_length=ITEMS_MAX)]


class KeyState(KeyLimits):
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

    data: Annotated[tuple[Model, ...], Field(max_length=ITEMS_MAX)]


class Ticket(Parts):
    ticket: Name


class _Page[T](Parts):
    items: Annotated[tuple[T, ...], Field(max_length=ITEMS_MAX)]
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


def gate_url(models_url: str) -> str:
    """Where the gate is, without the version of its API."""
    return models_url.removesuffix("/").removesuffix("/v1")


@dataclass(frozen=True, slots=True)
class Service:
    """One server of FlareFlow and what is shown to it. Every method raises SourceError without a usable answer."""

    http: httpx.Client
    url: str
    credential: str | None = None

    def deployment(self) -> Deployment:
        return self.get(Deployment, "/v1/deployment")

    def get[T](self, model: type[T], path: str, query: Mapping[str, str] | None = None) -> T:
        return self._parsed(model, path, self._ask("GET", path, query))

    def all[T](self, item: type[T], path: str, query: Mapping[str, str] | None = None) -> Iterator[T]:
        """The items of every part of a list."""
        cursor: Mapping[str, str] = {}
        for _ in range(PAGES_MAX):
            page = self.get(_Page[item], path, {**(query or {}), **cursor})  # type: ignore[valid-type]
            yield from page.items
            if page.next_cursor is None:
                return
            cursor = {"cursor": page.next_cursor}
        raise SourceError(f"{path} has more than {PAGES_MAX} parts")

    def post[T](self, model: type[T], path: str, body: Mapping[str, Any] | None = None) -> T:
        """Ask for something new, under a name of its own, so that a request that is repeated makes it once."""
        headers = {"idempotency-key": secrets.token_hex(16)}
        return self._parsed(model, path, self._ask("POST", path, headers=headers, body=body))

    def delete(self, path: str) -> None:
        self._ask("DELETE", path)

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> bytes:
        shown = dict(headers or {})
        if self.credential is not None:
            require_confidential(self.url)
            shown["authorization"] = f"Bearer {self.credential}"
        url = f"{self.url.rstrip('/')}{path}"
        try:
            stream = self.http.stream(method, url, params=query or None, headers=shown, json=body)
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
