"""The log's tree in tiles of 256 hashes, as static files: https://c2sp.org/tlog-tiles.

Level 0 has the hashes of the leaves, and each level above it the roots of the full tiles of the one below.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Final

from flareflow.transparency.proofs import EMPTY_ROOT, HASH_BYTES, leaf_hash, node_hash, split

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
ENTRY_BYTES_MAX: Final = (1 << 16) - 1
LENGTH_BYTES: Final = 2
ENTRIES: Final = "entries"
LOG_PATH: Final = "/v1/log"
"""Where the log lies on the host of the statements; the other names are below it."""
CHECKPOINT: Final = "checkpoint"
KEY: Final = "key"


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: hashes of a level, or the entries themselves (`level` is then `ENTRIES`)."""

    level: int | str
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Below the log's own path, for example `tile/0/x001/x234/067.p/8`."""
        last = f"{self.index % 1000:03}"
        rest, groups = self.index // 1000, ""
        while rest:
            rest, groups = rest // 1000, f"x{rest % 1000:03}/{groups}"
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{self.level}/{groups}{last}{partial}"


type ReadTile = Callable[[Tile], bytes]


@dataclass(frozen=True, slots=True)
class TileTree:
    """The tree of the first `size` entries. `read` returns a tile's content."""

    size: int
    read: ReadTile
    _known: dict[Tile, bytes] = field(default_factory=dict)

    @property
    def root(self) -> bytes:
        return self._hash(0, self.size) if self.size else EMPTY_ROOT

    def inclusion_proof(self, index: int) -> list[bytes]:
        """From the bottom up (RFC 9162, 2.1.3.1)."""
        first, last, proof = 0, self.size, list[bytes]()
        while last - first > 1:
            middle = first + split(last - first)
            left = index < middle
            proof.append(self._hash(middle, last) if left else self._hash(first, middle))
            first, last = (first, middle) if left else (middle, last)
        return proof[::-1]

    def consistency_proof(self, old_size: int) -> list[bytes]:
        """That this tree begins with that of the first `old_size` entries (RFC 9162, 2.1.4.1)."""
        if old_size in {0, self.size}:
            return []
        first, last, proof = 0, self.size, list[bytes]()
        while last != old_size:
            middle = first + split(last - first)
            left = old_size <= middle
            proof.append(self._hash(middle, last) if left else self._hash(first, middle))
            first, last = (first, middle) if left else (middle, last)
        return ([self._hash(first, last)] if first else []) + proof[::-1]

    def entries(self, first: int, last: int) -> Iterator[bytes]:
        """The entries from `first` to before `last`."""
        for index in range(first // TILE_WIDTH, -(-last // TILE_WIDTH)):
            begin = index * TILE_WIDTH
            bundle = unpacked(self._tile(ENTRIES, index, self.size))
            yield from bundle[max(0, first - begin) : last - begin]

    def _hash(self, first: int, last: int) -> bytes:
        """The root over the leaves from `first` to before `last`."""
        width = last - first
        if width.bit_count() == 1 and first % width == 0:
            return self._complete(first, width)
        middle = first + split(width)
        return node_hash(self._hash(first, middle), self._hash(middle, last))

    def _complete(self, first: int, width: int) -> bytes:
        level = (width.bit_length() - 1) // TILE_HEIGHT
        start, count = first >> (level * TILE_HEIGHT), width >> (level * TILE_HEIGHT)
        tile = self._tile(level, start // TILE_WIDTH, self.size >> (level * TILE_HEIGHT))
        begin = start % TILE_WIDTH * HASH_BYTES
        return _root_of(tile[begin : begin + count * HASH_BYTES])

    def _tile(self, level: int | str, index: int, row_length: int) -> bytes:
        tile = Tile(level, index, min(TILE_WIDTH, row_length - index * TILE_WIDTH))
        if tile not in self._known:
            self._known[tile] = self.read(tile)
        return self._known[tile]


def grown(tree: TileTree, entries: Sequence[bytes]) -> Mapping[Tile, bytes]:
    """The tiles that are new, or wider, once `entries` have been appended."""
    made = dict(_row(ENTRIES, tree.size, tree.read, [packed(entry) for entry in entries]))
    level, new = 0, [leaf_hash(entry) for entry in entries]
    while new:
        row = dict(_row(level, tree.size >> (level * TILE_HEIGHT), tree.read, new))
        made |= row
        level, new = level + 1, [_root_of(content) for tile, content in row.items() if tile.width == TILE_WIDTH]
    return made


def _row(level: int | str, before: int, read: ReadTile, new: Sequence[bytes]) -> Iterator[tuple[Tile, bytes]]:
    """The tiles of one level that `new` parts change, where there were `before`."""
    index, begun = divmod(before, TILE_WIDTH)
    kept = [read(Tile(level, index, begun))] if begun else []
    room = TILE_WIDTH - begun
    for number, parts in enumerate([new[:room], *batched(new[room:], TILE_WIDTH, strict=False)]):
        width = len(parts) + (begun if number == 0 else 0)
        yield Tile(level, index + number, width), b"".join([*(kept if number == 0 else []), *parts])


def packed(entry: bytes) -> bytes:
    """An entry as it stands in its bundle, after its length. Raises ValueError for one that is too long."""
    if len(entry) > ENTRY_BYTES_MAX:
        raise ValueError(f"an entry has at most {ENTRY_BYTES_MAX} bytes")
    return len(entry).to_bytes(LENGTH_BYTES) + entry


def unpacked(bundle: bytes) -> list[bytes]:
    """The entries of a bundle. Raises ValueError for one that is cut off."""
    entries, at = list[bytes](), 0
    while at < len(bundle):
        begin = at + LENGTH_BYTES
        at = begin + int.from_bytes(bundle[at:begin])
        entries.append(bundle[begin:at])
    if at != len(bundle):
        raise ValueError("a bundle of entries is cut off")
    return entries


def _root_of(hashes: bytes) -> bytes:
    """The root over a power of two of hashes."""
    row = [bytes(one) for one in batched(hashes, HASH_BYTES, strict=True)]
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in batched(row, 2, strict=True)]
    return row[0]
