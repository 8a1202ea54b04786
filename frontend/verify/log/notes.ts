/**
 * Signed notes, checkpoints of the log of statements and cosignatures of its witnesses (docs/statement-log.md).
 *
 * Forms: https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint and https://c2sp.org/tlog-cosignature.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";

import { concat, fromBase64, isSame, toBase64, toBigInt, toHex, utf8, type Bytes } from "../bytes.ts";
import type { Tree } from "./proofs.ts";

export const NOTE_CHARACTERS_MAX = 16_384;
const SIGNATURES_MAX = 64;
const KEY_ID_BYTES = 4;
const TIME_BYTES = 8;
const SIGNATURE_BYTES = 64;
const KINDS = { log: 1, witness: 4 } as const;

/** A note has not the form that it should have, or lacks a signature that holds. */
export class NoteError extends Error {}

/** The public key of a log or a witness. Its text is `name+id+key`. */
export interface NoteKey {
  readonly name: string;
  readonly kind: keyof typeof KINDS;
  readonly id: Bytes;
  readonly public: Bytes;
}

/** What the log is at a moment. `text` is what is signed. */
export interface Checkpoint extends Tree {
  readonly origin: string;
  readonly text: string;
}

export interface SignedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly signatures: readonly { readonly name: string; readonly id: Bytes; readonly made: Bytes }[];
}

/** Throws NoteError for a key of another form or kind. */
export function parseKey(text: string, kind: NoteKey["kind"]): NoteKey {
  const [name = "", id = "", ...encoded] = text.split("+");
  const key = canonical(encoded.join("+"));
  const wanted = sha256(concat(utf8(`${name}\n`), key)).slice(0, KEY_ID_BYTES);
  if (key[0] !== KINDS[kind] || key.length !== 33) throw new NoteError(`the key of ${name} is not that of a ${kind}`);
  if (toHex(wanted) !== id) throw new NoteError(`the key of ${name} has another id`);
  return { name, kind, id: wanted, public: key.slice(1) };
}

/** Throws NoteError unless the text is a canonical checkpoint with signatures. */
export function parseCheckpoint(note: string): SignedCheckpoint {
  const gap = note.lastIndexOf("\n\n");
  const lines = note.slice(gap + 2).replace(/\n$/, "").split("\n");
  if (note.length > NOTE_CHARACTERS_MAX || gap < 0 || !note.endsWith("\n") || lines.length > SIGNATURES_MAX) {
    throw new NoteError("not a signed note");
  }
  return { checkpoint: checkpointOf(note.slice(0, gap + 1)), signatures: lines.map(signatureOf) };
}

function checkpointOf(text: string): Checkpoint {
  const [origin = "", size = "", root = ""] = text.split("\n");
  const digest = canonical(root);
  const isPlain = /^(?:0|[1-9][0-9]{0,18})$/.test(size) && digest.length === 32;
  if (!isPlain || `${origin}\n${size}\n${root}\n` !== text) throw new NoteError("not the canonical text of a checkpoint");
  return { origin, size: BigInt(size), root: digest, text };
}

function signatureOf(line: string): SignedCheckpoint["signatures"][number] {
  const [, name = "", encoded = ""] = /^\u2014 ([^ ]+) (.*)$/.exec(line) ?? [];
  if (!name) throw new NoteError("not the line of a signature");
  const blob = canonical(encoded);
  return { name, id: blob.slice(0, KEY_ID_BYTES), made: blob.slice(KEY_ID_BYTES) };
}

function signatureBy({ signatures }: SignedCheckpoint, key: NoteKey): SignedCheckpoint["signatures"][number] | undefined {
  return signatures.find(({ name, id }) => name === key.name && isSame(id, key.id));
}

/** Whether there is a signature by this key, whether it holds or not. */
export function isSignedBy(signed: SignedCheckpoint, key: NoteKey): boolean {
  return signatureBy(signed, key) !== undefined;
}

/** Throws NoteError unless the key has signed it. The time of a witness's signature in Unix seconds; 0 for the log's. */
export function requireSigned(signed: SignedCheckpoint, key: NoteKey): bigint {
  const found = signatureBy(signed, key);
  if (found === undefined) throw new NoteError(`${key.name} has not signed it`);
  const time = found.made.subarray(0, -SIGNATURE_BYTES);
  if (time.length !== (key.kind === "witness" ? TIME_BYTES : 0)) {
    throw new NoteError(`the signature of ${key.name} has another length`);
  }
  const at = toBigInt(time);
  const head = key.kind === "witness" ? `cosignature/v1\ntime ${at}\n` : "";
  const message = utf8(head + signed.checkpoint.text);
  if (!holds(found.made.subarray(-SIGNATURE_BYTES), message, key.public)) {
    throw new NoteError(`the signature of ${key.name} does not hold`);
  }
  return at;
}

function holds(signature: Bytes, message: Bytes, key: Bytes): boolean {
  try {
    return ed25519.verify(signature, message, key, { zip215: false });
  } catch {
    return false;
  }
}

/** The bytes of base64 in its one form. */
function canonical(text: string): Bytes {
  try {
    const bytes = fromBase64(text);
    if (toBase64(bytes) === text) return bytes;
  } catch {
    // told below
  }
  throw new NoteError("not base64");
}
