"""The tree of a statement, compared with a second way of building it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.keccak import keccak256
from flareflow.merkle import ArrayTree, fold
from flareflow.statements.merkle import OrderedTree

digests = st.binary(min_size=32, max_size=32)


def hashes(count: int) -> list[bytes]:
    return [keccak256(f"page {number}".encode()) for number in range(count)]


def naive_root(level: list[bytes]) -> bytes:
    """The root by its definition: pairs in order, each sorted; a last one without a pair goes up unchanged."""
    if len(level) == 1:
        return level[0]
    pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
    return naive_root([keccak256(b"".join(sorted(pair))) if len(pair) == 2 else pair[0] for pair in pairs])


@given(st.lists(digests, min_size=1, max_size=40))
def test_the_root_is_that_of_the_definition(given_hashes: list[bytes]) -> None:
    assert OrderedTree.over(given_hashes).root == naive_root(given_hashes)


def test_an_array_tree_without_leaves_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one leaf"):
        ArrayTree.over([])


@pytest.mark.parametrize("count", range(1, 34))
def test_every_hash_has_a_path_to_the_root(count: int) -> None:
    # Given the tree over some hashes
    given_hashes = hashes(count)
    tree = OrderedTree.over(given_hashes)
    # When each hash is folded with its path
    folded = {fold(one, tree.path(position)) for position, one in enumerate(given_hashes)}
    # Then all lead to the root, in at most as many steps as the tree has levels
    assert folded == {tree.root}
    assert max(len(tree.path(position)) for position in range(count)) <= (count - 1).bit_length()


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_a_path_belongs_to_one_hash_only(count: int) -> None:
    given_hashes = hashes(count)
    tree = OrderedTree.over(given_hashes)
    for position, other in pairwise(range(count)):
        # Sorted pairs make siblings share nothing: each has the other in its path
        assert fold(given_hashes[position], tree.path(other)) != tree.root


def test_an_odd_hash_is_promoted_unchanged() -> None:
    first, second, third = hashes(3)
    below = keccak256(min(first, second) + max(first, second))
    assert OrderedTree.over(hashes(3)).root == keccak256(min(below, third) + max(below, third))
    assert OrderedTree.over(hashes(3)).path(2) == (below,)


def test_over_nothing_the_root_is_zero() -> None:
    assert OrderedTree.over([]).root == bytes(32)
