"""Page indexes: the hashes of the pages that a statement's roots commit to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from flareflow.errors import BrokenRuleError
from flareflow.keccak import WORD_BYTES
from flareflow.statements.merkle import OrderedTree
from flareflow.statements.models import PageKind, whole_number

INDEX_VERSION: Final = "flareflow-index/1"


@dataclass(frozen=True, slots=True)
class PageIndex:
    """The hashes of the pages of one kind by their rising numbers. Not every number of a usage page is taken."""

    contract: str
    epoch: int
    kind: PageKind
    hashes: Mapping[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if list(self.hashes) != sorted(self.hashes):
            raise BrokenRuleError(f"the {self.kind} index of epoch {self.epoch} is not in order")

    @property
    def text(self) -> str:
        first = f"{INDEX_VERSION} {self.contract} epoch {self.epoch} {self.kind}"
        return "\n".join([first, *(f"{number} {digest.hex()}" for number, digest in self.hashes.items())])

    @property
    def tree(self) -> OrderedTree:
        """The tree over the pages; its root is in the statement."""
        return OrderedTree.over(self.hashes.values())

    def path(self, number: int) -> tuple[bytes, ...]:
        """The siblings from a page up to the root. Raises KeyError when the index has no such page."""
        positions = {known: position for position, known in enumerate(self.hashes)}
        return self.tree.path(positions[number])

    @classmethod
    def parse(cls, text: str) -> Self:
        """The index of a text. Raises ValueError unless the text is canonical."""
        first, *lines = text.split("\n")
        version, contract, _, epoch, kind = first.split(" ")
        pairs = (line.split(" ") for line in lines)
        hashes = {whole_number(number): bytes.fromhex(digest) for number, digest in pairs}
        index = cls(contract, whole_number(epoch), PageKind(kind), hashes)
        is_whole = all(len(digest) == WORD_BYTES for digest in hashes.values())
        if version != INDEX_VERSION or not is_whole or index.text != text:
            raise ValueError("not the canonical text of an index of pages")
        return index
