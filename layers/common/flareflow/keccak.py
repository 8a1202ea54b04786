"""The hash that Flare, Solidity and our contracts agree on."""

from Crypto.Hash import keccak


def keccak256(content: bytes) -> bytes:
    """Keccak-256, 32 bytes (not the later SHA3-256)."""
    return keccak.new(digest_bits=256, data=content).digest()
