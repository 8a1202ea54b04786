/**
 * Merkle trees whose nodes hash the smaller child first, so a proof is a list of sibling hashes without sides.
 */
import { compare, keccak256, NO_HASH, type Bytes } from "./bytes.ts";

export function node(left: Bytes, right: Bytes): Bytes {
  return compare(left, right) <= 0 ? keccak256(left, right) : keccak256(right, left);
}

/** The root to which a leaf and its siblings, from the bottom up, lead. */
export function fold(leaf: Bytes, siblings: readonly Bytes[]): Bytes {
  return siblings.reduce(node, leaf);
}

/** The levels of a tree over hashes in their order, from the bottom up; a last node without a pair goes up unchanged. */
function levels(hashes: readonly Bytes[]): readonly (readonly Bytes[])[] {
  const all: (readonly Bytes[])[] = [hashes];
  for (let below = hashes; below.length > 1; all.push(below)) below = above(below);
  return all;
}

function above(below: readonly Bytes[]): readonly Bytes[] {
  return Array.from({ length: Math.ceil(below.length / 2) }, (_, pair) => {
    const [left, right] = below.slice(2 * pair, 2 * pair + 2) as [Bytes, Bytes?];
    return right === undefined ? left : node(left, right);
  });
}

/** The root over hashes in their order; 32 zero bytes over none. */
export function rootOf(hashes: readonly Bytes[]): Bytes {
  return levels(hashes).at(-1)?.[0] ?? NO_HASH;
}

/** The siblings of the hash at a position, from the bottom up. */
export function pathOf(hashes: readonly Bytes[], position: number): readonly Bytes[] {
  return levels(hashes).flatMap((level, height) => level[Math.floor(position / 2 ** height) ^ 1] ?? []);
}
