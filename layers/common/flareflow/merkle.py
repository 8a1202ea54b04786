"""Merkle trees that hash the two children of a node in sorted order, so that a proof is a list of sibling hashes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flareflow.keccak import keccak256


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two children (32 bytes each), the smaller one first."""
    return keccak256(min(left, right) + max(left, right))


def fold(leaf: bytes, siblings: Iterable[bytes]) -> bytes:
    """The root that a leaf and its siblings, from the bottom up, lead to."""
    current = leaf
    for sibling in siblings:
        current = node(current, sibling)
    return current


@dataclass(frozen=True, slots=True)
class ArrayTree:
    """A tree of n leaves in an array of 2n - 1 hashes: node i has the children 2i + 1 and 2i + 2, the root is node 0.

    OpenZeppelin's StandardMerkleTree and Flare's trees have this layout and differ in the order of the leaves.
    """

    nodes: Sequence[bytes]

    @classmethod
    def over(cls, leaves: Sequence[bytes]) -> "ArrayTree":
        """The tree whose array ends with these leaves, in this order. Raises ValueError without leaves."""
        if not leaves:
            raise ValueError("a Merkle tree needs at least one leaf")
        nodes = [b""] * (len(leaves) - 1) + list(leaves)
        for parent in reversed(range(len(leaves) - 1)):
            nodes[parent] = node(nodes[2 * parent + 1], nodes[2 * parent + 2])
        return cls(nodes)

    @property
    def root(self) -> bytes:
        return self.nodes[0]

    def proof(self, leaf: bytes) -> tuple[bytes, ...]:
        """The siblings of `leaf` from the bottom up. Raises ValueError when it is not a leaf of this tree."""
        at = self.nodes.index(leaf, len(self.nodes) // 2)
        siblings = []
        while at > 0:
            siblings.append(self.nodes[at + 1 if at % 2 else at - 1])
            at = (at - 1) // 2
        return tuple(siblings)
