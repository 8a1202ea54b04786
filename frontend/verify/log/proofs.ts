/**
 * Merkle trees as RFC 6962 defines them, and the proofs of RFC 9162 that anybody checks with hashes alone.
 */
import { sha256 } from "@noble/hashes/sha2.js";

import { concat, isSame, type Bytes } from "../bytes.ts";

export const PROOF_HASHES_MAX = 63;

/** A proof does not show what it should. */
export class ProofError extends Error {}

export interface Tree {
  readonly size: bigint;
  readonly root: Bytes;
}

export function leafHash(entry: Bytes): Bytes {
  return sha256(concat(Uint8Array.of(0), entry));
}

/** The hash of a node with these children. */
export function nodeHash(left: Bytes, right: Bytes): Bytes {
  return sha256(concat(Uint8Array.of(1), left, right));
}

/** Throws ProofError unless `leaf` has this index in a tree (RFC 9162, 2.1.3.2). */
export function checkInclusion(leaf: Bytes, index: bigint, { size, root }: Tree, proof: readonly Bytes[]): void {
  if (index < 0n || index >= size) throw new ProofError(`there is no leaf ${index} in a tree of ${size}`);
  const way = new Way(index, size - 1n);
  const current = proof.reduce((below, sibling) => {
    return way.isRight("inclusion") ? nodeHash(sibling, below) : nodeHash(below, sibling);
  }, leaf);
  if (!way.isAtRoot || !isSame(current, root)) throw new ProofError(`leaf ${index} is not in the tree`);
}

/** Throws ProofError unless the new tree begins with the old one (RFC 9162, 2.1.4.2). */
export function checkConsistency(old: Tree, newer: Tree, proof: readonly Bytes[]): void {
  if (old.size > newer.size) throw new ProofError("the new tree is smaller than the old one");
  if (old.size === 0n || old.size === newer.size) {
    const differs = old.size === newer.size && !isSame(old.root, newer.root);
    if (proof.length || differs) throw new ProofError("trees of the same size differ, or nothing was to be proven");
    return;
  }
  const isWhole = (old.size & (old.size - 1n)) === 0n;
  const [first, ...rest] = isWhole ? [old.root, ...proof] : proof;
  if (first === undefined) throw new ProofError("the proof of consistency is empty");
  const way = new Way(old.size - 1n, newer.size - 1n);
  way.skipRight();
  let [ofOld, ofNew] = [first, first];
  for (const sibling of rest) {
    if (way.isRight("consistency")) [ofOld, ofNew] = [nodeHash(sibling, ofOld), nodeHash(sibling, ofNew)];
    else ofNew = nodeHash(ofNew, sibling);
  }
  if (!way.isAtRoot || !isSame(ofOld, old.root) || !isSame(ofNew, newer.root)) {
    throw new ProofError("the new tree does not begin with the old one");
  }
}

/** The way of a node up to the root: its index in its level, and that of the level's last node. */
class Way {
  #at: bigint;
  #last: bigint;

  constructor(at: bigint, last: bigint) {
    this.#at = at;
    this.#last = last;
  }

  get isAtRoot(): boolean {
    return this.#last === 0n;
  }

  /** Goes up while the node is the right one of its pair. */
  skipRight(): void {
    while (this.#at % 2n === 1n) this.#up();
  }

  /** Goes up one node that has a sibling; true if the sibling is on its left. */
  isRight(what: string): boolean {
    if (this.isAtRoot) throw new ProofError(`the proof of ${what} is too long`);
    const isRight = this.#at % 2n === 1n || this.#at === this.#last;
    while (isRight && this.#at % 2n === 0n && this.#at) this.#up();
    this.#up();
    return isRight;
  }

  #up(): void {
    this.#at >>= 1n;
    this.#last >>= 1n;
  }
}
