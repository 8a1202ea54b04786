/**
 * The log of statements on the statements' host: its checkpoint, and where a statement is in it.
 */
import { hex0x } from "../bytes.ts";
import { parseStatement } from "../documents.ts";
import { NOTE_CHARACTERS_MAX, parseCheckpoint } from "../log/notes.ts";
import { LOG_SIZE_MAX, TileTree } from "../log/tiles.ts";
import { SourceError } from "./errors.ts";
import type { Requests } from "./http.ts";

const WHO = "the log of statements";
const TILE_BYTES_MAX = 20_000_000;

/** The log's part of a bundle, as the bundle writes it. */
export interface LogTexts {
  readonly checkpoint: string;
  readonly index: string | null;
  readonly inclusion: readonly string[];
  readonly older_size: null;
  readonly consistency: null;
}

/** The newest checkpoint, and the proof that it has the statement of an epoch. Throws SourceError. */
export async function findInLog(requests: Requests, hostUrl: string, epoch: bigint): Promise<LogTexts> {
  const base = `${hostUrl}/v1/log`;
  const checkpoint = await requests.text(WHO, `${base}/checkpoint`, {}, NOTE_CHARACTERS_MAX);
  const tree = new TileTree(sizeOf(checkpoint), (path) => requests.bytes(WHO, `${base}/${path}`, {}, TILE_BYTES_MAX));
  try {
    const index = await placeOf(epoch, tree);
    const inclusion = index === null ? [] : await tree.inclusionProof(index);
    const place = index === null ? null : String(index);
    return { checkpoint, index: place, inclusion: inclusion.map(hex0x), older_size: null, consistency: null };
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError(`${WHO} is in an unknown form`);
  }
}

function sizeOf(checkpoint: string): number {
  try {
    const { size } = parseCheckpoint(checkpoint).checkpoint;
    if (size <= BigInt(LOG_SIZE_MAX)) return Number(size);
  } catch {
    // told below
  }
  throw new SourceError(`${WHO} has no checkpoint of a known form`);
}

/** The index of the first entry of an epoch or a later one; null if the log ends before. Entries rise in epoch. */
async function placeOf(epoch: bigint, tree: TileTree): Promise<number | null> {
  const epochAt = async (index: number) => parseStatement(new TextDecoder().decode(await tree.entry(index))).epoch;
  if (tree.size === 0 || (await epochAt(tree.size - 1)) < epoch) return null;
  let [low, high] = [0, tree.size - 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await epochAt(middle)) >= epoch) high = middle;
    else low = middle + 1;
  }
  return low;
}
