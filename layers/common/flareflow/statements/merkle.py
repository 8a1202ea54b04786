"""The two Merkle trees of a statement.

The usage tree is over leaves: OpenZeppelin's StandardMerkleTree, so that any client of that library can check a leaf.
The page tree is over settlement pages in their order: the contract checks its paths.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flareflow.merkle import ArrayTree, node
from flareflow.statements.models import NO_HASH, Leaf, SettlementPage


def usage_tree(leaves: Iterable[Leaf]) -> ArrayTree:
    """The tree whose root is `usage_root`; OpenZeppelin puts the leaves at the array's end by falling hash."""
    return ArrayTree.over(sorted((leaf.hash for leaf in leaves), reverse=True))


@dataclass(frozen=True, slots=True)
class PageTree:
    """The settlement tree as its levels, the pages' hashes first. A last node without a pair goes up unchanged."""

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
        """`settlement_root`; 32 zero bytes without pages."""
        return self.levels[-1][0] if self.levels[-1] else NO_HASH

    def path(self, number: int) -> tuple[bytes, ...]:
        """The siblings of page `number` from the bottom up; a level at which its node has none adds nothing."""
        siblings, at = [], number
        for level in self.levels[:-1]:
            sibling = at ^ 1
            if sibling < len(level):
                siblings.append(level[sibling])
            at //= 2
        return tuple(siblings)
