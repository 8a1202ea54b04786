"""The two trees of a statement, compared with a second way of building them."""

from itertools import pairwise

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from flareflow.keccak import keccak256
from flareflow.merkle import ArrayTree, fold
from flareflow.metering.models import Usage
from flareflow.statements.merkle import PageTree, usage_tree
from flareflow.statements.models import Leaf, SettlementPage

LEAF_TYPES = ["uint64", "uint64", *["uint256"] * 5]
words = st.integers(0, 2**256 - 1)
uint64s = st.integers(0, 2**64 - 1)
leaves = st.builds(Leaf, uint64s, uint64s, st.builds(Usage, words, words, words, words, words))


def pages(count: int) -> list[SettlementPage]:
    return [
        SettlementPage("A.f8d6e0586b0a20c7.UsageBasedSubscriptions", 7, number, ((number, 1_000),))
        for number in range(count)
    ]


def naive_root(ordered: list[bytes], at: int = 0) -> bytes:
    """The root of an OpenZeppelin tree by its definition: node i has the children 2i + 1 and 2i + 2."""
    first_leaf = len(ordered) - 1
    if at >= first_leaf:
        return ordered[len(ordered) - 1 - (at - first_leaf)]
    return keccak256(b"".join(sorted(naive_root(ordered, child) for child in (2 * at + 1, 2 * at + 2))))


@given(leaves)
def test_a_leaf_is_what_solidity_encodes_hashed_twice(leaf: Leaf) -> None:
    usage = leaf.usage
    values = [leaf.subscription_id, leaf.epoch_of_last_change, usage.input_tokens, usage.output_tokens]
    encoded = encode(LEAF_TYPES, [*values, usage.requests, usage.rated_microtokens, usage.cost_nanousd])
    assert leaf.hash == keccak256(keccak256(encoded))


@given(st.lists(leaves, min_size=1, max_size=40, unique_by=lambda leaf: leaf.hash))
def test_the_usage_tree_has_the_root_that_openzeppelin_defines(given_leaves: list[Leaf]) -> None:
    assert usage_tree(given_leaves).root == naive_root(sorted(leaf.hash for leaf in given_leaves))


def test_a_tree_without_leaves_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one leaf"):
        ArrayTree.over([])


@given(st.lists(leaves, min_size=1, max_size=30, unique_by=lambda leaf: leaf.subscription_id), st.data())
def test_every_leaf_has_a_proof_and_a_changed_one_has_none(given_leaves: list[Leaf], data: st.DataObject) -> None:
    # Given a tree and one of its leaves
    tree = usage_tree(given_leaves)
    leaf = data.draw(st.sampled_from(given_leaves))
    # When its proof is folded
    proof = tree.proof(leaf.hash)
    # Then it leads to the root, and that of a leaf with one token more does not
    changed = Leaf(leaf.subscription_id, leaf.epoch_of_last_change, leaf.usage + Usage(requests=1))
    assert fold(leaf.hash, proof) == tree.root
    if changed.usage.requests < 2**256:
        assert fold(changed.hash, proof) != tree.root
        with pytest.raises(ValueError, match="not in list"):
            tree.proof(changed.hash)


@pytest.mark.parametrize("count", range(1, 34))
def test_every_page_has_a_path_to_the_settlement_root(count: int) -> None:
    # Given the tree over some pages
    given_pages = pages(count)
    tree = PageTree.over(given_pages)
    # When each page's hash is folded with its path
    folded = {fold(page.hash, tree.path(page.number)) for page in given_pages}
    # Then all lead to the root, in at most as many steps as the tree has levels
    assert folded == {tree.root}
    assert max(len(tree.path(page.number)) for page in given_pages) <= (count - 1).bit_length()


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_a_path_belongs_to_one_page_only(count: int) -> None:
    given_pages = pages(count)
    tree = PageTree.over(given_pages)
    for page, other in pairwise(given_pages):
        # Sorted pairs make siblings share nothing: each has the other in its path
        assert fold(page.hash, tree.path(other.number)) != tree.root


def test_an_odd_page_is_promoted_unchanged() -> None:
    first, second, third = (page.hash for page in pages(3))
    below = keccak256(min(first, second) + max(first, second))
    assert PageTree.over(pages(3)).root == keccak256(min(below, third) + max(below, third))
    assert PageTree.over(pages(3)).path(2) == (below,)


def test_without_pages_the_settlement_root_is_zero() -> None:
    assert PageTree.over([]).root == bytes(32)
