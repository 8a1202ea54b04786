"""LiteLLM's virtual keys, over its `/key/*` API."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any, Final

import httpx
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from flareflow.accounts.models import UNLIMITED, IssuedKey, KeyLimits, KeyState
from flareflow.adapters.http import Answer, read_answer
from flareflow.errors import KeyIssuerUnavailableError
from flareflow.time import Clock, utc_now

ANSWER_BYTES_MAX: Final = 1024 * 1024
KEY_TYPE: Final = "llm_api"
"""A key of this type can call models, but neither create keys nor read anybody's spend."""
DELETED: Final = "deleted"
"""The status of a key that was deleted: LiteLLM still tells of it."""
NOT_FOUND: Final = ("not_found_error", "key")
"""Type and parameter of the error about a key that LiteLLM does not have. Other proxies use the type alone."""
NO_KEYS: Final = "No keys found"
"""In the message of the error about keys that were to be deleted, which has a general type."""
BLOCKED_BY: Final = "blocked_by"
"""In the metadata of keys that FlareFlow has blocked: an administrator's block has it not."""
FLAREFLOW: Final = "flareflow"
CLOCKS_DIFFER_MAX: Final = timedelta(minutes=1)
"""LiteLLM is told for how long a key works, and counts that by its own clock."""


class _Limits(BaseModel):
    models: Annotated[tuple[str, ...] | None, Field(max_length=10_000)] = None
    expires: AwareDatetime | None = None
    rpm_limit: int | None = None
    tpm_limit: int | None = None

    def limits(self) -> KeyLimits:
        return KeyLimits(self.models or (), self.expires, self.rpm_limit, self.tpm_limit)


class _NewKey(_Limits):
    key: Annotated[str, Field(pattern=r"^sk-[\x21-\x7e]{16,200}$")]
    token: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    max_budget: float


class _UpdatedKey(BaseModel):
    token: str
    blocked: bool | None = None
    max_budget: float | None = None
    expires: AwareDatetime | None = None


class _KeyInfo(_Limits):
    blocked: bool | None = None
    max_budget: float | None = None
    status: str | None = None
    metadata: dict[str, Any] | None = None

    @property
    def is_held(self) -> bool:
        """Whether it is blocked, and not by FlareFlow."""
        return bool(self.blocked) and (self.metadata or {}).get(BLOCKED_BY) != FLAREFLOW


class _FoundKey(BaseModel):
    key: str
    info: _KeyInfo


class _Deleted(BaseModel):
    deleted_keys: list[str]


class _Error(BaseModel):
    type: Annotated[str, Field(max_length=100)]
    param: str | None = None
    message: str = ""


class _Refusal(BaseModel):
    error: _Error


@dataclass(frozen=True, slots=True)
class LiteLLMKeys:
    """`KeyIssuer` over LiteLLM; `http` has its address, the master key and time limits.

    Answers are judged by their content: a proxy in front of LiteLLM may answer 200 or 404 with a page of its own.
    """

    http: httpx.Client
    clock: Clock = utc_now

    def issue(
        self, alias: str, subscription_id: int, owner: str, budget_microusd: int, limits: KeyLimits = UNLIMITED
    ) -> IssuedKey:
        path, metadata = "/key/generate", {"subscription_id": subscription_id, "flow_address": owner}
        terms = {"key_alias": alias, "key_type": KEY_TYPE, "max_budget": _dollars(budget_microusd)}
        answer = self._post(path, {**terms, **self._limits(limits), "metadata": metadata})
        new = _parsed(path, answer, _NewKey)
        if hashlib.sha256(new.key.encode()).hexdigest() != new.token:
            raise KeyIssuerUnavailableError("LiteLLM's hash of a new key is not the key's SHA-256")
        if new.max_budget != _dollars(budget_microusd) or not _same(new.limits(), limits):
            raise KeyIssuerUnavailableError("LiteLLM made a key with other limits than it was asked for")
        return IssuedKey(new.key, new.token)

    def _limits(self, limits: KeyLimits) -> Mapping[str, object]:
        """In LiteLLM's words, without those that there are not."""
        given = {
            "models": list(limits.models),
            "duration": limits.expires_at and self._duration(limits.expires_at),
            "rpm_limit": limits.requests_per_minute,
            "tpm_limit": limits.tokens_per_minute,
        }
        return {name: value for name, value in given.items() if value}

    def _duration(self, until: datetime) -> str:
        """Whole seconds from now on; one at least, since LiteLLM takes 0 for no limit."""
        return f"{max(1, round((until - self.clock()).total_seconds()))}s"

    def delete_alias(self, alias: str) -> None:
        self._delete({"key_aliases": [alias]})

    def delete(self, key_hash: str) -> None:
        self._delete({"keys": [key_hash]})

    def block(self, key_hash: str) -> None:
        """An administrator's block stays what it is."""
        info = self._info(key_hash)
        if info is not None and not info.is_held:
            metadata = {**(info.metadata or {}), BLOCKED_BY: FLAREFLOW}
            self._update(key_hash, {"blocked": True, "metadata": metadata}, lambda key: key.blocked is True)

    def unblock(self, key_hash: str) -> None:
        """An administrator's block stays."""
        info = self._info(key_hash)
        if info is not None and not info.is_held:
            metadata = {name: value for name, value in (info.metadata or {}).items() if name != BLOCKED_BY}
            self._update(key_hash, {"blocked": False, "metadata": metadata}, lambda key: key.blocked is False)

    def find(self, key_hash: str) -> KeyState | None:
        info = self._info(key_hash)
        if info is None:
            return None
        if info.status == DELETED:
            return KeyState(is_deleted=True)
        budget = info.max_budget
        return KeyState(
            is_blocked=bool(info.blocked),
            budget_microusd=None if budget is None else round(Decimal(str(budget)) * 10**6),
            is_held=info.is_held,
            limits=info.limits(),
        )

    def set_budget(self, key_hash: str, budget_microusd: int) -> None:
        dollars = _dollars(budget_microusd)
        self._update(key_hash, {"max_budget": dollars}, lambda key: key.max_budget == dollars)

    def expire(self, key_hash: str, at: datetime) -> None:
        self._update(key_hash, {"duration": self._duration(at)}, lambda key: _about_the_same(key.expires, at))

    def _delete(self, which: Mapping[str, Sequence[str]]) -> None:
        """A key that LiteLLM does not have counts as deleted."""
        path = "/key/delete"
        answer = self._post(path, which)
        error = _error(answer)
        if error is not None and answer.status == HTTPStatus.NOT_FOUND and NO_KEYS in error.message:
            return
        wanted = [one for some in which.values() for one in some]
        if _parsed(path, answer, _Deleted).deleted_keys != wanted:
            raise KeyIssuerUnavailableError(f"LiteLLM answered {path} with other keys")

    def _info(self, key_hash: str) -> _KeyInfo | None:
        """None for a key that LiteLLM does not have. Of a deleted key LiteLLM still tells."""
        path = "/key/info"
        answer = self._get(path, {"key": key_hash})
        if _is_unknown_key(answer):
            return None
        found = _parsed(path, answer, _FoundKey)
        if found.key != key_hash:
            raise KeyIssuerUnavailableError(f"LiteLLM answered {path} with another key")
        return found.info

    def _update(self, key_hash: str, changes: Mapping[str, object], is_done: Callable[[_UpdatedKey], bool]) -> None:
        """A key that LiteLLM does not have works for nobody, so nothing is left to do."""
        path = "/key/update"
        answer = self._post(path, {"key": key_hash, **changes})
        if _is_unknown_key(answer):
            return
        updated = _parsed(path, answer, _UpdatedKey)
        if updated.token != key_hash or not is_done(updated):
            raise KeyIssuerUnavailableError(
                f"LiteLLM answered {path} with another key, or another {', '.join(changes)}"
            )

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


def _same(told: KeyLimits, wanted: KeyLimits) -> bool:
    same_end = told.expires_at is wanted.expires_at is None or _about_the_same(told.expires_at, wanted.expires_at)
    return same_end and replace(told, expires_at=None) == replace(wanted, expires_at=None)


def _about_the_same(told: datetime | None, wanted: datetime | None) -> bool:
    return told is not None and wanted is not None and abs(told - wanted) <= CLOCKS_DIFFER_MAX


def _parsed[M: BaseModel](path: str, answer: Answer, model: type[M]) -> M:
    if not answer.is_success:
        error = _error(answer)
        raise KeyIssuerUnavailableError(f"LiteLLM answered {path} with {answer.status}, {error and error.type}")
    try:
        return model.model_validate_json(answer.body)
    except ValidationError:
        # Raised without its cause: pydantic's message would show the secret of a new key.
        raise KeyIssuerUnavailableError(f"LiteLLM's answer to {path} has an unknown form") from None


def _is_unknown_key(answer: Answer) -> bool:
    error = _error(answer)
    return error is not None and (error.type, error.param) == NOT_FOUND


def _error(answer: Answer) -> _Error | None:
    """LiteLLM's error; None for a success or an answer of another form."""
    if answer.is_success:
        return None
    try:
        return _Refusal.model_validate_json(answer.body).error
    except ValidationError:
        return None
