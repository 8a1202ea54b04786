/**
 * The log's tree in tiles of 256 hashes, as static files: https://c2sp.org/tlog-tiles. Level 0 has the hashes of the
 * leaves, and each level above it the roots of the full tiles of the one below. Nothing in a tile is believed: what a
 * proof made from them leads to is compared with a signed root.
 */
import { toNumber, WORD_BYTES, type Bytes } from "../bytes.ts";
import { nodeHash } from "./proofs.ts";

const TILE_HEIGHT = 8;
const TILE_WIDTH = 1 << TILE_HEIGHT;
const LENGTH_BYTES = 2;
/** More statements than five minutes of a thousand years; numbers up to it are exact. */
export const LOG_SIZE_MAX = 2 ** 32;

/** Returns the content of a tile, of which the path is below that of the log. */
export type ReadTile = (path: string) => Promise<Bytes>;

/** The tree of the first `size` entries. Throws for a tile of another length. */
export class TileTree {
  readonly size: number;
  readonly #read: ReadTile;
  readonly #known = new Map<string, Promise<Bytes>>();

  constructor(size: number, read: ReadTile) {
    this.size = size;
    this.#read = read;
  }

  /** From the bottom up (RFC 9162, 2.1.3.1). */
  async inclusionProof(index: number): Promise<readonly Bytes[]> {
    let [first, last] = [0, this.size];
    const proof: Bytes[] = [];
    while (last - first > 1) {
      const middle = first + split(last - first);
      const isLeft = index < middle;
      proof.unshift(isLeft ? await this.#hash(middle, last) : await this.#hash(first, middle));
      [first, last] = isLeft ? [first, middle] : [middle, last];
    }
    return proof;
  }

  async entry(index: number): Promise<Bytes> {
    const tile = Math.floor(index / TILE_WIDTH);
    const entries = unpacked(await this.#tile("entries", tile, this.size));
    const found = entries[index % TILE_WIDTH];
    if (found === undefined) throw new Error(`the log has no entry ${index}`);
    return found;
  }

  /** The root over the leaves from `first` to before `last`. */
  async #hash(first: number, last: number): Promise<Bytes> {
    const width = last - first;
    const isComplete = Number.isInteger(Math.log2(width)) && first % width === 0;
    if (isComplete) return this.#complete(first, width);
    const middle = first + split(width);
    return nodeHash(await this.#hash(first, middle), await this.#hash(middle, last));
  }

  async #complete(first: number, width: number): Promise<Bytes> {
    const level = Math.floor(Math.log2(width) / TILE_HEIGHT);
    const unit = TILE_WIDTH ** level;
    const start = first / unit;
    const row = Math.floor(this.size / unit);
    const tile = await this.#tile(level, Math.floor(start / TILE_WIDTH), row);
    const begin = start % TILE_WIDTH;
    const hashes = Array.from({ length: width / unit }, (_, place) => {
      return tile.subarray((begin + place) * WORD_BYTES, (begin + place + 1) * WORD_BYTES);
    });
    if (hashes.at(-1)?.length !== WORD_BYTES) throw new Error("a tile of the log is cut off");
    return rootOf(hashes);
  }

  #tile(level: number | "entries", index: number, rowLength: number): Promise<Bytes> {
    const path = pathOf(level, index, Math.min(TILE_WIDTH, rowLength - index * TILE_WIDTH));
    const known = this.#known.get(path) ?? this.#read(path);
    this.#known.set(path, known);
    return known;
  }
}

/** For example `tile/0/x001/x234/067.p/8`. */
function pathOf(level: number | "entries", index: number, width: number): string {
  const groups = String(index).padStart(Math.ceil(String(index).length / 3) * 3, "0").match(/.{3}/g) ?? [];
  const number = groups.map((group, place) => (place < groups.length - 1 ? `x${group}` : group)).join("/");
  return `tile/${level}/${number}${width === TILE_WIDTH ? "" : `.p/${width}`}`;
}

/** The largest power of two below a width above 1. */
function split(width: number): number {
  return 2 ** (Math.ceil(Math.log2(width)) - 1);
}

/** The entries of a bundle, each after its length. */
function unpacked(bundle: Bytes): readonly Bytes[] {
  const entries: Bytes[] = [];
  let at = 0;
  while (at < bundle.length) {
    const begin = at + LENGTH_BYTES;
    at = begin + toNumber(bundle.subarray(at, begin));
    entries.push(bundle.subarray(begin, at));
  }
  if (at !== bundle.length) throw new Error("a bundle of entries is cut off");
  return entries;
}

/** The root over a power of two of hashes. */
function rootOf(hashes: readonly Bytes[]): Bytes {
  if (hashes.length === 1) return hashes[0] as Bytes;
  const half = hashes.length / 2;
  return nodeHash(rootOf(hashes.slice(0, half)), rootOf(hashes.slice(half)));
}
