"""Secrets that we hand out and keep only the hash of: session tokens, WebSocket tickets, nonces."""

import hashlib
import secrets
from collections.abc import Callable
from typing import Final

TOKEN_BYTES: Final = 32

type TokenFactory = Callable[[], str]


def random_token() -> str:
    """32 bytes from the system's generator, as 64 hex digits."""
    return secrets.token_hex(TOKEN_BYTES)


def token_hash(token: str) -> str:
    """SHA-256 in hex: what is stored of a token; enough, since a token is 32 random bytes."""
    return hashlib.sha256(token.encode()).hexdigest()
