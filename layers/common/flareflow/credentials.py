"""Random secrets that we hand out: session tokens, WebSocket tickets, nonces. Only the hash of a token is stored."""

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
    """The hash that is stored in place of a token: SHA-256 in hex. A token of 32 random bytes needs no slower hash.

    What a caller sends instead of a token may be no valid Unicode; it has a hash too, which is nobody's.
    """
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
