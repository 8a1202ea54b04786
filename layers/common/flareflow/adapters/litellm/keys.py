"""LiteLLM's virtual keys, over its `/key/*` API."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Final

import httpx
from pydantic import BaseModel, Field, ValidationError

from flareflow.accounts.models import IssuedKey, KeyState
from flareflow.adapters.http import Answer, read_answer
from flareflow.errors import KeyIssuerUnavailableError

ANSWER_BYTES_MAX: Final = 1024 * 1024
KEY_TYPE: Final = "llm_api"
"""A key of this type can call models, but neither create keys nor read anybody's spend."""
DELETED: Final = "deleted"
"""The status of a key that was deleted: LiteLLM still tells of it."""
NOT_FOUND: Final = "not_found_error"


class _NewKey(BaseModel):
    key: Annotated[str, Field(pattern=r"^sk-[\x21-\x7e]{16,200}$")]
    token: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    max_budget: float


class _KeyState(BaseModel):
    token: str
    blocked: bool


class _KeyBudget(BaseModel):
    token: str
    max_budget: float


class _KeyInfo(BaseModel):
    blocked: bool | None = None
    max_budget: float | None = None
    status: str | None = None


class _FoundKey(BaseModel):
    key: str
    info: _KeyInfo


class _Deleted(BaseModel):
    deleted_keys: list[str]


class _Error(BaseModel):
    type: Annotated[str, Field(max_length=100)]


class _Refusal(BaseModel):
    error: _Error


@dataclass(frozen=True, slots=True)
class LiteLLMKeys:
    """`KeyIssuer` over LiteLLM; `http` has its address, the master key and time limits.

    Answers are judged by their content: a proxy in front of LiteLLM may answer 200 or 404 with a page of its own.
    """

    http: httpx.Client

    def issue(self, alias: str, subscription_id: int, owner: str, budget_microusd: int) -> IssuedKey:
        path, metadata = "/key/generate", {"subscription_id": subscription_id, "flow_address": owner}
        terms = {"key_alias": alias, "key_type": KEY_TYPE, "max_budget": _dollars(budget_microusd)}
        answer = self._post(path, {**terms, "metadata": metadata})
        new = _parsed(path, answer, _NewKey)
        if hashlib.sha256(new.key.encode()).hexdigest() != new.token:
            raise KeyIssuerUnavailableError("LiteLLM's hash of a new key is not the key's SHA-256")
        if new.max_budget != _dollars(budget_microusd):
            raise KeyIssuerUnavailableError("LiteLLM made a key with another budget than it was asked for")
        return IssuedKey(new.key, new.token)

    def delete_alias(self, alias: str) -> None:
        self._delete({"key_aliases": [alias]})

    def delete(self, key_hash: str) -> None:
        self._delete({"keys": [key_hash]})

    def block(self, key_hash: str) -> None:
        self._set_blocked("/key/block", key_hash, blocked=True)

    def unblock(self, key_hash: str) -> None:
        self._set_blocked("/key/unblock", key_hash, blocked=False)

    def find(self, key_hash: str) -> KeyState | None:
        path = "/key/info"
        answer = self._get(path, {"key": key_hash})
        if _error_type(answer) == NOT_FOUND:
            return None
        found = _parsed(path, answer, _FoundKey)
        if found.key != key_hash:
            raise KeyIssuerUnavailableError(f"LiteLLM answered {path} with another key")
        if found.info.status == DELETED:
            return None
        budget = found.info.max_budget
        budget_microusd = None if budget is None else round(Decimal(str(budget)) * 10**6)
        return KeyState(is_blocked=bool(found.info.blocked), budget_microusd=budget_microusd)

    def set_budget(self, key_hash: str, budget_microusd: int) -> None:
        path, dollars = "/key/update", _dollars(budget_microusd)
        answer = self._post(path, {"key": key_hash, "max_budget": dollars})
        if _error_type(answer) == NOT_FOUND:
            return
        updated = _parsed(path, answer, _KeyBudget)
        if (updated.token, updated.max_budget) != (key_hash, dollars):
            raise KeyIssuerUnavailableError(f"LiteLLM answered {path} with another key, or another budget")

    def _delete(self, which: Mapping[str, object]) -> None:
        """A key that LiteLLM does not have counts as deleted; its error then has status 404 and a general type."""
        path = "/key/delete"
        answer = self._post(path, which)
        if answer.status != HTTPStatus.NOT_FOUND or _error_type(answer) is None:
            _parsed(path, answer, _Deleted)

    def _set_blocked(self, path: str, key_hash: str, *, blocked: bool) -> None:
        """A key that LiteLLM does not have works for nobody, so nothing is left to do."""
        answer = self._post(path, {"key": key_hash})
        if _error_type(answer) == NOT_FOUND:
            return
        state = _parsed(path, answer, _KeyState)
        if (state.token, state.blocked) != (key_hash, blocked):
            raise KeyIssuerUnavailableError(f"LiteLLM answered {path} with the state of another key, or another state")

    def _get(self, path: str, query: Mapping[str, str]) -> Answer:
        try:
            return read_answer(self.http.stream("GET", path, params=query), ANSWER_BYTES_MAX)
        except httpx.HTTPError as error:
            raise KeyIssuerUnavailableError(f"LiteLLM gave no answer to {path}") from error

    def _post(self, path: str, body: Mapping[str, object]) -> Answer:
        try:
            return read_answer(self.http.stream("POST", path, json=body), ANSWER_BYTES_MAX)
        except httpx.HTTPError as error:
            raise KeyIssuerUnavailableError(f"LiteLLM gave no answer to {path}") from error


def _dollars(budget_microusd: int) -> float:
    """LiteLLM's unit of budgets, which it keeps as a float."""
    return budget_microusd / 10**6


def _parsed[M: BaseModel](path: str, answer: Answer, model: type[M]) -> M:
    if not answer.is_success:
        kind = _error_type(answer) or "no type"
        raise KeyIssuerUnavailableError(f"LiteLLM answered {path} with {answer.status}, {kind}")
    try:
        return model.model_validate_json(answer.body)
    except ValidationError:
        # Raised without its cause: pydantic's message would show the secret of a new key.
        raise KeyIssuerUnavailableError(f"LiteLLM's answer to {path} has an unknown form") from None


def _error_type(answer: Answer) -> str | None:
    """LiteLLM's name for the error; None for a success or an answer of another form."""
    try:
        return _Refusal.model_validate_json(answer.body).error.type
    except ValidationError:
        return None
