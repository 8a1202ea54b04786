"""What LiteLLM answers when a key is refused: by the type of its error, whatever the status is.

Its texts are written for administrators. They tell the key's hash or what calls have cost the operator, and not how a
customer can go on, so the gate answers in words of its own.
"""

from enum import Enum, auto
from typing import Final

from pydantic import BaseModel, ValidationError

_BLOCKED: Final = "Key is blocked"
_UNCHECKED: Final = "Authentication Error, "
"""How LiteLLM begins the text where it fails while it looks at a key, mostly since its database is out of reach."""
_OF_A_PROVIDER: Final = "litellm."
"""How LiteLLM begins the text of an error that a provider has answered."""
_OF_THE_OPERATOR: Final = (
    *("litellm.AuthenticationError", "litellm.PermissionDeniedError"),
    *("exceeded your current quota", "credit balance is too low"),
)
"""Texts by which a provider refuses the operator's key or account; a caller would take them for their own."""


class KeyRefusal(Enum):
    """Which key is refused, and why."""

    BLOCKED = auto()
    EXPIRED = auto()
    UNKNOWN = auto()
    BUDGET_USED_UP = auto()
    """The key has cost the operator what it may cost in all."""
    OPERATORS = auto()
    """Not the caller's: the model's provider refuses the operator's."""
    UNCHECKED = auto()
    """None: LiteLLM could not look at the caller's, and says so with a 401."""


class _Error(BaseModel):
    type: str | None = None
    message: str = ""


class _Refusal(BaseModel):
    error: _Error


_OF_AUTHENTICATION: Final = frozenset({"auth_error", "authentication_error"})
"""The second is what it is called on Anthropic's route."""
_BY_TYPE: Final = {
    "expired_key": KeyRefusal.EXPIRED,
    "token_not_found_in_db": KeyRefusal.UNKNOWN,
    "budget_exceeded": KeyRefusal.BUDGET_USED_UP,
}


def key_refusal(body: bytes) -> KeyRefusal | None:
    """Why a key is refused; None where LiteLLM refuses something else."""
    try:
        error = _Refusal.model_validate_json(body).error
    except ValidationError:
        return None
    if error.type == "auth_error" and _BLOCKED in error.message:
        return KeyRefusal.BLOCKED
    if error.type in _OF_AUTHENTICATION and error.message.startswith(_UNCHECKED):
        return KeyRefusal.UNCHECKED
    if error.message.startswith(_OF_A_PROVIDER) and any(text in error.message for text in _OF_THE_OPERATOR):
        return KeyRefusal.OPERATORS
    return _BY_TYPE.get(error.type or "")
