"""What LiteLLM answers when it refuses a virtual key: by the type of its error, whatever the status is.

Its texts are written for administrators. They tell the key's hash or what calls have cost the operator, and not how a
customer can go on, so the gate answers in words of its own.
"""

from enum import Enum, auto
from typing import Final

from pydantic import BaseModel, ValidationError

_BLOCKED: Final = "Key is blocked"


class KeyRefusal(Enum):
    """Why LiteLLM refuses a key."""

    BLOCKED = auto()
    EXPIRED = auto()
    UNKNOWN = auto()
    BUDGET_USED_UP = auto()
    """The key has cost the operator what it may cost in all."""


class _Error(BaseModel):
    type: str | None = None
    message: str = ""


class _Refusal(BaseModel):
    error: _Error


_BY_TYPE: Final = {
    "expired_key": KeyRefusal.EXPIRED,
    "token_not_found_in_db": KeyRefusal.UNKNOWN,
    "budget_exceeded": KeyRefusal.BUDGET_USED_UP,
}


def key_refusal(body: bytes) -> KeyRefusal | None:
    """Why LiteLLM refuses the key; None where it refuses something else."""
    try:
        error = _Refusal.model_validate_json(body).error
    except ValidationError:
        return None
    if error.type == "auth_error" and _BLOCKED in error.message:
        return KeyRefusal.BLOCKED
    return _BY_TYPE.get(error.type or "")
