"""Keccak-256: the hash of Ethereum, of Flare and of our statements."""

from Crypto.Hash import keccak


def keccak256(content: bytes) -> bytes:
    """The 32-byte Keccak-256 hash. NIST's SHA3-256 pads its input differently and gives other values."""
    return keccak.new(digest_bits=256, data=content).digest()
