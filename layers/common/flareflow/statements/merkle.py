"""The two trees of a statement; both hash pairs in sorted order, so a proof is a list of siblings.

`usage_tree` is OpenZeppelin's StandardMerkleTree over the leaves, for people. `page_tree` is over pages in their
order, for the contract; an odd node is promoted unchanged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flareflow.merkle import node
from flareflow.statements.models import NO_HASH, Leaf, SettlementPage


@dataclass(frozen=True, slots=True)
class StandardTree:
    """OpenZeppelin's layout: an array of 2n - 1 nodes, leaves sorted by hash at its end, backwards."""

    nodes: Sequence[bytes]

    @classmethod
    def over(cls, leaves: Iterable[bytes]) -> "StandardTree":
        ordered = sorted(leaves)
        if not ordered:
            return cls([NO_HASH])
        nodes = [b""] * (len(ordered) - 1) + ordered[::-1]
        for parent in reversed(range(len(ordered) - 1)):
            nodes[parent] = node(nodes[2 * parent + 1], nodes[2 * parent + 2])
        return cls(nodes)

    @property
    def root(self) -> bytes:
        return self.nodes[0]

    def proof(self, leaf: bytes) -> tuple[bytes, ...]:
        """Siblings bottom-up; `ValueError` when it is no leaf of this tree."""
        at = self.nodes.index(leaf, len(self.nodes) // 2)
        siblings = []
        while at > 0:
            siblings.append(self.nodes[at + 1 if at % 2 else at - 1])
            at = (at - 1) // 2
        return tuple(siblings)


def usage_tree(leaves: Iterable[Leaf]) -> StandardTree:
    """The tree whose root is `usage_root`."""
    return StandardTree.over(leaf.hash for leaf in leaves)


@dataclass(frozen=True, slots=True)
class PageTree:
    """Levels of the settlement tree, the pages' hashes first."""

    levels: Sequence[Sequence[bytes]]

    @classmethod
    def over(cls, pages: Iterable[SettlementPage]) -> "PageTree":
        levels = [[page.hash for page in pages]]
        while len(levels[-1]) > 1:
            below = levels[-1]
            above = [node(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]
            levels.append(above + below[len(below) - len(below) % 2 :])
        return cls(levels)

    @property
    def root(self) -> bytes:
        """32 zero bytes when there are no pages: nothing to settle."""
        return self.levels[-1][0] if self.levels[-1] else NO_HASH

    def path(self, number: int) -> tuple[bytes, ...]:
        """Siblings of page `number` bottom-up, levels at which it is promoted left out."""
        siblings, at = [], number
        for level in self.levels[:-1]:
            sibling = at ^ 1
            if sibling < len(level):
                siblings.append(level[sibling])
            at //= 2
        return tuple(siblings)
