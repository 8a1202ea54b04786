"""The Merkle tree of a voting round (Flare's specification: `src/Utilities/MerkleTree.md` of flare-specs)."""

from collections.abc import Iterable

from flareflow.merkle import ArrayTree


def round_tree(leaves: Iterable[bytes]) -> ArrayTree:
    """The tree over the leaf hashes of a round's confirmed attestations: each once, by rising hash.

    Leaves and inner nodes are hashed alike, so a verifier must hash a whole response and never take a leaf.
    """
    return ArrayTree.over(sorted(set(leaves)))
