"""Keccak-256 and its 32-byte words: how Ethereum, Flare and our statements hash."""

from functools import cache
from typing import Any, Final

WORD_BYTES: Final = 32
"""The length of a hash, and of the words that the Solidity ABI encodes values into."""


def keccak256(content: bytes) -> bytes:
    """The 32-byte Keccak-256 hash. NIST's SHA3-256 pads its input differently and gives other values."""
    digest: bytes = _keccak().new(digest_bits=256, data=content).digest()
    return digest


@cache
def _keccak() -> Any:
    """The library, when the first hash is made: it loads a parser of C, and most functions never hash."""
    from Crypto.Hash import keccak  # noqa: PLC0415

    return keccak
