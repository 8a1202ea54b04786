"""Flare's Merkle tree: sorted, deduplicated leaves in an array tree, pairs hashed in sorted order.

Leaves and nodes are not told apart by the hash, so a verifier must hash a whole response itself and never take
a leaf.
"""

from collections.abc import Iterable, Sequence

from flareflow.merkle import node


class FlareMerkleTree:
    """A round's tree over the leaves of its confirmed attestations."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        ordered = sorted(set(leaves))
        if not ordered:
            raise ValueError("a tree has at least one leaf")
        self._first_leaf = len(ordered) - 1
        self._nodes = [b""] * self._first_leaf + ordered
        for parent in reversed(range(self._first_leaf)):
            self._nodes[parent] = node(self._nodes[2 * parent + 1], self._nodes[2 * parent + 2])

    @property
    def root(self) -> bytes:
        return self._nodes[0]

    def proof(self, leaf: bytes) -> Sequence[bytes]:
        """Siblings of `leaf`, bottom-up; `ValueError` when it is no leaf of this tree."""
        at = self._nodes.index(leaf, self._first_leaf)
        siblings = []
        while at > 0:
            siblings.append(self._nodes[at + 1 if at % 2 else at - 1])
            at = (at - 1) // 2
        return siblings
