"""Virtual keys at LiteLLM, over its `/key/*` API."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

import httpx
from pydantic import BaseModel, Field, ValidationError

from flareflow.accounts.models import IssuedKey
from flareflow.errors import KeyIssuerUnavailableError

KEY_TYPE: Final = "llm_api"
"""A key of this type calls models and nothing else: no keys, no spend of others."""
NOT_FOUND: Final = "not_found_error"


class _NewKey(BaseModel):
    key: Annotated[str, Field(pattern=r"^sk-[\x21-\x7e]{16,200}$")]
    token: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Error(BaseModel):
    type: Annotated[str, Field(max_length=100)]


class _Refusal(BaseModel):
    error: _Error


@dataclass(frozen=True, slots=True)
class LiteLLMKeys:
    """`KeyIssuer` over LiteLLM; `http` has its base address, the master key and a timeout."""

    http: httpx.Client

    def issue(self, alias: str, subscription_id: int, owner: str) -> IssuedKey:
        metadata = {"subscription_id": subscription_id, "flow_address": owner}
        response = self._post("/key/generate", {"key_alias": alias, "key_type": KEY_TYPE, "metadata": metadata})
        _refuse_failure(response)
        try:
            new = _NewKey.model_validate_json(response.content)
        except ValidationError:
            # Without the cause: pydantic's message would hold the secret.
            raise KeyIssuerUnavailableError("LiteLLM answered /key/generate in another form") from None
        if hashlib.sha256(new.key.encode()).hexdigest() != new.token:
            raise KeyIssuerUnavailableError("LiteLLM's hash of a new key is not its SHA-256")
        return IssuedKey(new.key, new.token)

    def delete_alias(self, alias: str) -> None:
        self._delete({"key_aliases": [alias]})

    def delete(self, key_hash: str) -> None:
        self._delete({"keys": [key_hash]})

    def block(self, key_hash: str) -> None:
        self._switch("/key/block", key_hash)

    def unblock(self, key_hash: str) -> None:
        self._switch("/key/unblock", key_hash)

    def _delete(self, which: Mapping[str, object]) -> None:
        response = self._post("/key/delete", which)
        # The one error that has to be told by its status: LiteLLM gives "No keys found" a type that says nothing.
        if response.status_code != HTTPStatus.NOT_FOUND:
            _refuse_failure(response)

    def _switch(self, path: str, key_hash: str) -> None:
        response = self._post(path, {"key": key_hash})
        if _error_type(response) != NOT_FOUND:
            _refuse_failure(response)

    def _post(self, path: str, body: Mapping[str, object]) -> httpx.Response:
        try:
            return self.http.post(path, json=body)
        except httpx.HTTPError as error:
            raise KeyIssuerUnavailableError(f"LiteLLM gave no answer to {path}") from error


def _refuse_failure(response: httpx.Response) -> None:
    if not response.is_success:
        path, kind = response.request.url.path, _error_type(response) or "no type"
        raise KeyIssuerUnavailableError(f"LiteLLM refused {path}: {response.status_code}, {kind}")


def _error_type(response: httpx.Response) -> str | None:
    """LiteLLM's own word for what went wrong; None for a success or an answer in another form."""
    try:
        return _Refusal.model_validate_json(response.content).error.type
    except ValidationError:
        return None
