"""Refusals, in the form that the caller's SDK expects."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from pydantic_core import to_json


class ErrorStyle(StrEnum):
    """Whose error format a route answers in."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"


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
        kind = _KINDS.get(self.status, "invalid_request_error")
        if style is ErrorStyle.ANTHROPIC:
            return to_json({"type": "error", "error": {"type": kind, "message": self.message}})
        error = {"message": self.message, "type": kind, "param": self.parameter, "code": self.code}
        return to_json({"error": error})


_KINDS = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.PAYMENT_REQUIRED: "billing_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
    HTTPStatus.NOT_FOUND: "not_found_error",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "request_too_large",
    HTTPStatus.SERVICE_UNAVAILABLE: "api_error",
}
"""Error types that OpenAI's and Anthropic's APIs have in common."""


def invalid(code: str, message: str, parameter: str | None = None) -> RefusedError:
    """400: the request must be changed before it is sent again."""
    return RefusedError(HTTPStatus.BAD_REQUEST, code, message, parameter)
