"""Who calls: the virtual key in the headers of a request."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from flareflow_gate.refusals import RefusedError

type Headers = Iterable[tuple[bytes, bytes]]

AUTHORIZATION: Final = b"authorization"
_KEY_HEADERS: Final = (AUTHORIZATION, b"x-api-key", b"api-key")
KEY: Final = re.compile(r"sk-[A-Za-z0-9_-]{1,253}")
"""Only what LiteLLM cannot read in another way: it would cut `Bearer ` out of the middle of a key."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever presented a virtual key; of the key itself only the hash is ever kept."""

    key: str = field(repr=False)

    @property
    def key_hash(self) -> str:
        """SHA-256 in hex: what LiteLLM calls the key's token."""
        return hashlib.sha256(self.key.encode()).hexdigest()


def caller_of(headers: Headers) -> Caller:
    """The caller, by whichever header the SDK uses. Raises RefusedError for no key, and for two different ones."""
    given = {_bare_key(value) for name, value in headers if name.lower() in _KEY_HEADERS}
    if len(given) > 1:
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "two_keys", "The request carries two different API keys.")
    key = next(iter(given), "")
    if not KEY.fullmatch(key):
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "invalid_api_key", "Send a virtual key: Authorization: Bearer sk-…")
    return Caller(key)


def _bare_key(value: bytes) -> str:
    text = value.decode("latin-1").strip()
    return text[7:].strip() if text[:7].lower() == "bearer " else text
