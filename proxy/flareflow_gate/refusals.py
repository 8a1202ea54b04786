"""Refusals, in the form that the caller's SDK expects."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json


class ErrorStyle(StrEnum):
    """Whose error format a route answers in."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"


class _Told(BaseModel):
    message: str


class _OpenAIError(BaseModel):
    """`type` is Anthropic's."""

    error: _Told
    type: str | None = None


@dataclass(frozen=True)
class RefusedError(Exception):
    """The gate does not forward this request.

    `code` is stable and documented in the README, `parameter` names the field of the body that is at fault.
    """

    status: HTTPStatus
    code: str
    message: str
    parameter: str | None = None

    def body(self, style: ErrorStyle) -> bytes:
        """The JSON that the caller reads."""
        if style is ErrorStyle.ANTHROPIC:
            return _of_anthropic(self.status, self.message)
        error = {"message": self.message, "type": _kind(self.status), "param": self.parameter, "code": self.code}
        return to_json({"error": error})


_KINDS: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.PAYMENT_REQUIRED: "billing_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
    HTTPStatus.NOT_FOUND: "not_found_error",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "request_too_large",
    HTTPStatus.GATEWAY_TIMEOUT: "timeout_error",
}
"""Error types that OpenAI's and Anthropic's APIs have in common."""


def passed_on(status: int, body: bytes, style: ErrorStyle) -> bytes:
    """An error of LiteLLM's in the style of the route; on every route, it answers some in OpenAI's."""
    try:
        error = _OpenAIError.model_validate_json(body)
    except ValidationError:
        return body
    if style is ErrorStyle.OPENAI or error.type is not None:
        return body
    return _of_anthropic(status, error.error.message)


def _of_anthropic(status: int, message: str) -> bytes:
    return to_json({"type": "error", "error": {"type": _kind(status), "message": message}})


def _kind(status: int) -> str:
    is_ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return _KINDS.get(status, "api_error" if is_ours else "invalid_request_error")


def invalid(code: str, message: str, parameter: str | None = None) -> RefusedError:
    """400: the request must be changed before it is sent again."""
    return RefusedError(HTTPStatus.BAD_REQUEST, code, message, parameter)
