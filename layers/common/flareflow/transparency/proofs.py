"""Merkle trees as RFC 6962 defines them, and the proofs of RFC 9162 that anybody checks with hashes alone."""

import hashlib
from collections.abc import Sequence
from typing import Final

HASH_BYTES: Final = 32
PROOF_HASHES_MAX: Final = 63
"""A tree has fewer than 2^63 leaves."""
EMPTY_ROOT: Final = hashlib.sha256().digest()


class ProofError(ValueError):
    """A proof does not show what it should."""


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """The largest power of two below `size`, which is above 1: so many leaves are in the left child."""
    return 1 << ((size - 1).bit_length() - 1)


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raises ProofError unless `leaf` is leaf number `index` of the tree of this size and root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise ProofError(f"there is no leaf {index} in a tree of {size}")
    at, last, current = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofError("the proof of inclusion is too long")
        if at % 2 or at == last:
            current = node_hash(sibling, current)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        at, last = at >> 1, last >> 1
    if last != 0 or current != root:
        raise ProofError(f"leaf {index} is not in the tree")


def check_consistency(old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]) -> None:
    """Raises ProofError unless the new tree begins with the old one (RFC 9162, 2.1.4.2). Trees are (size, root)."""
    (old_size, old_root), (new_size, new_root) = old, new
    if not 0 <= old_size <= new_size:
        raise ProofError("the new tree is smaller than the old one")
    if old_size in {0, new_size}:
        if proof or (old_size == new_size and old_root != new_root):
            raise ProofError("trees of the same size differ, or nothing was to be proven")
        return
    _check_growth(old, new, [old_root, *proof] if old_size.bit_count() == 1 else list(proof))


def _check_growth(old: tuple[int, bytes], new: tuple[int, bytes], path: Sequence[bytes]) -> None:
    if not path:
        raise ProofError("the proof of consistency is empty")
    at, last = old[0] - 1, new[0] - 1
    while at % 2:
        at, last = at >> 1, last >> 1
    of_old = of_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError("the proof of consistency is too long")
        if at % 2 or at == last:
            of_old, of_new = node_hash(sibling, of_old), node_hash(sibling, of_new)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            of_new = node_hash(of_new, sibling)
        at, last = at >> 1, last >> 1
    if last != 0 or (of_old, of_new) != (old[1], new[1]):
        raise ProofError("the new tree does not begin with the old one")
