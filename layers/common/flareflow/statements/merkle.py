"""The trees of a statement: over pages in their order, and over the events of one subscription."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flareflow.keccak import WORD_BYTES
from flareflow.merkle import node


@dataclass(frozen=True, slots=True)
class OrderedTree:
    """A tree over hashes in their order, as its levels from the bottom up. A last node without a pair goes up
    unchanged."""

    levels: Sequence[Sequence[bytes]]

    @classmethod
    def over(cls, hashes: Iterable[bytes]) -> "OrderedTree":
        levels = [list(hashes)]
        while len(levels[-1]) > 1:
            below = levels[-1]
            above = [node(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]
            levels.append(above + below[len(below) - len(below) % 2 :])
        return cls(levels)

    @property
    def root(self) -> bytes:
        """32 zero bytes for a tree over nothing."""
        return self.levels[-1][0] if self.levels[-1] else bytes(WORD_BYTES)

    def path(self, position: int) -> tuple[bytes, ...]:
        """The siblings of a hash from the bottom up; a level at which its node has none adds nothing."""
        siblings, at = [], position
        for level in self.levels[:-1]:
            sibling = at ^ 1
            if sibling < len(level):
                siblings.append(level[sibling])
            at //= 2
        return tuple(siblings)
