"""Nodes of Merkle trees that hash each pair in sorted order, so that a proof is a list of siblings and nothing else."""

from collections.abc import Iterable

from flareflow.keccak import keccak256


def node(left: bytes, right: bytes) -> bytes:
    """Hash of two children, the smaller first."""
    return keccak256(min(left, right) + max(left, right))


def fold(leaf: bytes, siblings: Iterable[bytes]) -> bytes:
    """The root that a leaf and its siblings, bottom-up, lead to."""
    current = leaf
    for sibling in siblings:
        current = node(current, sibling)
    return current
