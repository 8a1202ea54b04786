"""The log's tree: grown by tiles, it is that of RFC 6962, and its proofs hold for what is true and nothing else."""

import hashlib
from itertools import pairwise

import pytest

from flareflow.transparency.proofs import ProofError, check_consistency, check_inclusion, leaf_hash
from flareflow.transparency.tiles import ENTRY_BYTES_MAX, Tile, TileTree, grown, packed, unpacked

SIZES = [0, 1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 700, 65_536 + 300]


def entry(number: int) -> bytes:
    return f"statement {number}".encode()


def plain_root(entries: list[bytes]) -> bytes:
    """The definition of RFC 6962, section 2.1, word by word."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\x01" + plain_root(entries[:k]) + plain_root(entries[k:])).digest()


class Log:
    """A log in memory that grows in steps."""

    def __init__(self) -> None:
        self.tiles: dict[Tile, bytes] = {}
        self.size = 0

    @property
    def tree(self) -> TileTree:
        return TileTree(self.size, self.tiles.__getitem__)

    def append(self, entries: list[bytes]) -> None:
        made = grown(self.tree, entries)
        assert self.tiles.keys().isdisjoint(made) or not entries
        self.tiles |= made
        self.size += len(entries)

    def grow_to(self, size: int) -> None:
        self.append([entry(number) for number in range(self.size, size)])


@pytest.fixture(scope="module")
def roots() -> dict[int, bytes]:
    log, found = Log(), {}
    for size in SIZES:
        log.grow_to(size)
        found[size] = log.tree.root
    return found


@pytest.mark.parametrize("size", SIZES)
def test_the_root_is_that_of_the_definition_however_the_log_grew(roots: dict[int, bytes], size: int) -> None:
    assert roots[size] == plain_root([entry(number) for number in range(size)])


@pytest.mark.parametrize("step", [1, 3, 100, 256, 300])
def test_a_log_is_the_same_whatever_it_grew_by(step: int) -> None:
    by_steps, at_once = Log(), Log()
    for size in range(step, 700, step):
        by_steps.grow_to(size)
    by_steps.grow_to(700)
    at_once.grow_to(700)
    assert by_steps.tree.root == at_once.tree.root
    assert at_once.tiles.items() <= by_steps.tiles.items()


def test_every_leaf_is_proven_and_no_other() -> None:
    log = Log()
    log.grow_to(300)
    tree = log.tree
    for index in (0, 1, 127, 128, 255, 256, 298, 299):
        leaf, proof = leaf_hash(entry(index)), tree.inclusion_proof(index)
        check_inclusion(leaf, index, 300, proof, tree.root)
        for wrong in (
            (leaf_hash(b"another"), index, 300, proof),
            (leaf, index + 1, 300, proof),
            (leaf, index, 300, proof[:-1]),
            (leaf, index, 300, [*proof, bytes(32)]),
            (leaf, 300 + index, 300, proof),
        ):
            with pytest.raises(ProofError):
                check_inclusion(*wrong, tree.root)


def test_every_growth_is_proven_and_no_rewriting(roots: dict[int, bytes]) -> None:
    log = Log()
    log.grow_to(700)
    sizes = [size for size in SIZES if size <= 700]
    for old, new in [*pairwise(sizes), (1, 700), (255, 700), (256, 700), (3, 257)]:
        tree = log_of(new).tree
        proof = tree.consistency_proof(old)
        check_consistency((old, roots[old]), (new, roots[new]), proof)
        if 0 < old < new:
            for wrong in (
                ((old, bytes(32)), proof),
                ((old, roots[old]), proof[:-1]),
                ((old, roots[old]), [*proof, proof[-1]]),
            ):
                with pytest.raises(ProofError):
                    check_consistency(wrong[0], (new, roots[new]), wrong[1])


def log_of(size: int) -> Log:
    log = Log()
    log.grow_to(size)
    return log


def test_a_smaller_or_a_changed_tree_is_not_consistent() -> None:
    for old, new in (((2, b"a"), (1, b"b")), ((2, b"a"), (2, b"b"))):
        with pytest.raises(ProofError):
            check_consistency(old, new, [])


def test_the_entries_are_in_the_bundles() -> None:
    log = Log()
    log.grow_to(300)
    log.grow_to(600)
    assert list(log.tree.entries(254, 515)) == [entry(number) for number in range(254, 515)]


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(1, 67, 8), "tile/1/067.p/8"),
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile("entries", 5_001, 1), "tile/entries/x005/001.p/1"),
    ],
)
def test_tiles_have_the_paths_of_the_specification(tile: Tile, path: str) -> None:
    assert tile.path == path


def test_an_entry_that_is_too_long_or_a_bundle_that_is_cut_off_is_refused() -> None:
    assert unpacked(packed(b"") + packed(b"a" * ENTRY_BYTES_MAX)) == [b"", b"a" * ENTRY_BYTES_MAX]
    with pytest.raises(ValueError, match="at most"):
        packed(b"a" * (ENTRY_BYTES_MAX + 1))
    for cut in (packed(b"abc")[:-1], b"\x00"):
        with pytest.raises(ValueError, match="cut off"):
            unpacked(cut)
