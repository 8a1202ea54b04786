/**
 * The receipt of one call (proxy/README.md): what the gate signed that it will bill. A JWS in compact form, ES256.
 */
import { p256 } from "@noble/curves/nist.js";

import { countText, ratedText } from "./amounts.ts";
import { concat, fromBase64, hex0x, isSame, keccak256, toBase64, utf8, type Bytes } from "./bytes.ts";
import type { Outcome } from "./check.ts";
import type { Statement } from "./documents.ts";
import { TOKEN_KINDS, type TokenKind } from "./price_book.ts";
import { exactly, flag, FormError, having, list, orNull, text, type Read, type Reader } from "./reading.ts";
import type { BilledCall } from "./steps/events.ts";

const RECEIPT_CHARACTERS_MAX = 8_192;
const KEYS_MAX = 64;
/** What stands before a receipt in the last event of a stream. */
const COMMENT = /^:?\s*x-flareflow-receipt:?\s*/i;

const name = text(256);

const whole: Reader<bigint> = (given, at) => {
  if (!Number.isSafeInteger(given) || (given as number) < 0) throw new FormError(`${at}: not a whole number`);
  return BigInt(given as number);
};

function matching(form: RegExp): Reader<string> {
  return (given, at) => {
    const found = name(given, at);
    if (!form.test(found)) throw new FormError(`${at}: it has another form`);
    return found;
  };
}

const time: Reader<string> = (given, at) => {
  const found = matching(/^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):\d{2}:\d{2}(?:\.\d{6})?(?:Z|[+-]\d{2}:\d{2})$/)(given, at);
  if (Number.isNaN(Date.parse(found))) throw new FormError(`${at}: not a time`);
  return found;
};

const sha256 = matching(/^[0-9a-f]{64}$/);
const coordinate = matching(/^[A-Za-z0-9_-]{43}$/);

/** Nothing but these fields: one that changes what is signed (`crit`, `b64`) would have to be understood. */
const HEADER_FIELDS = "alg,kid,typ";
const header = having({ alg: matching(/^ES256$/), kid: coordinate, typ: matching(/^flareflow-receipt$/) });
const payload = exactly({
  version: matching(/^flareflow-receipt\/1$/),
  event_id: name,
  key_hash: sha256,
  call_type: name,
  model: name,
  answered_by: orNull(name),
  base_model: orNull(name),
  ending: matching(/^(?:complete|broken_off|unknown)$/),
  tokens: exactly(Object.fromEntries(TOKEN_KINDS.map((kind) => [kind, whole])) as Record<TokenKind, typeof whole>),
  tokens_are_estimated: flag,
  rated_microtokens: whole,
  price_book_hash: matching(/^0x[0-9a-f]{64}$/),
  request_hash: sha256,
  answer_hash: sha256,
  started_at: time,
  ended_at: time,
  counted_until_epoch: whole,
});
const keysDocument = exactly({
  keys: list(
    exactly({
      crv: matching(/^P-256$/),
      kid: coordinate,
      kty: matching(/^EC$/),
      valid_from_epoch: whole,
      valid_until_epoch: orNull(whole),
      x: coordinate,
      y: coordinate,
    }),
    KEYS_MAX,
    1,
  ),
  version: matching(/^flareflow-receipt-keys\/1$/),
});

export type Receipt = Read<typeof payload>;
type Key = Read<typeof keysDocument>["keys"][number];

/** A receipt as it came: what it says, and what was signed by which key. */
export interface SignedReceipt {
  readonly receipt: Receipt;
  readonly kid: string;
  readonly signed: Bytes;
  readonly signature: Bytes;
}

/** The receipt of a text, also as a header or as the comment of a stream. Throws FormError. */
export function parseReceipt(given: string): SignedReceipt {
  const compact = text(RECEIPT_CHARACTERS_MAX)(given.trim().replace(COMMENT, ""), "receipt");
  const parts = compact.split(".");
  if (parts.length !== 3) throw new FormError("a receipt has three parts with dots between them");
  const [head = "", body = "", signature = ""] = parts;
  const named = jsonOf(head);
  const { kid } = header(named, "receipt's header");
  if (Object.keys(named as object).toSorted().join() !== HEADER_FIELDS) throw new FormError("receipt's header: other fields");
  const receipt = payload(jsonOf(body, { isInOneForm: true }), "receipt");
  return { receipt, kid, signed: utf8(`${head}.${body}`), signature: fromBase64Url(signature) };
}

function jsonOf(part: string, { isInOneForm = false } = {}): unknown {
  const written = fromBase64Url(part);
  try {
    const json = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(written);
    const read: unknown = JSON.parse(json);
    if (!isInOneForm || JSON.stringify(read) === json) return read;
  } catch {
    throw new FormError("a part of the receipt is no JSON in base64url");
  }
  throw new FormError("the receipt is not in its one form");
}

function fromBase64Url(part: string): Bytes {
  if (!/^[A-Za-z0-9_-]*$/.test(part)) throw new FormError("a part of the receipt is not in base64url");
  const bytes = part.length % 4 === 1 ? null : fromBase64(part.replaceAll("-", "+").replaceAll("_", "/"));
  const written = bytes && toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  if (written !== part) throw new FormError("a part of the receipt is not in the one form of base64url");
  return bytes as Bytes;
}

export interface ReceiptFinding {
  readonly link: "receipt-key" | "receipt-signature" | "promise" | "billed";
  readonly outcome: Outcome;
  readonly said: string;
}

/**
 * What a receipt is compared with. `statement` is the newest, `keys` the document that it names. `billed` is the call of
 * the same id, null if the owner's calls do not have it; undefined where they are not known.
 */
export interface ReceiptEvidence {
  readonly statement: Statement;
  readonly keys: string;
  readonly epochSeconds: bigint;
  readonly billed: BilledCall | null | undefined;
}

/** Whether a key signed the receipt that the statements name, and whether the call is billed as it says. */
export function checkReceipt(signed: SignedReceipt, evidence: ReceiptEvidence): readonly ReceiptFinding[] {
  const found = keyOf(signed, evidence);
  const findings = [found.finding, signatureFinding(signed, found.key), promiseFinding(signed.receipt, evidence)];
  return evidence.billed ? [...findings, billedFinding(signed.receipt, evidence.billed)] : findings;
}

/** The keys of a document; null where it is no document of keys. */
function keysOf(json: string): readonly Key[] | null {
  try {
    const given: unknown = JSON.parse(json);
    const { keys } = keysDocument(given, "keys");
    const isOnce = new Set(keys.map(({ kid }) => kid)).size === keys.length;
    return isOnce && JSON.stringify(given) === json ? keys : null;
  } catch {
    return null;
  }
}

function keyOf({ kid, receipt }: SignedReceipt, evidence: ReceiptEvidence): { key: Key | null; finding: ReceiptFinding } {
  const { statement, keys, epochSeconds } = evidence;
  const differs = (said: string) => ({ key: null, finding: finding("receipt-key", "differs", said) });
  if (!isSame(keccak256(utf8(keys)), statement.receiptKeyHash)) {
    return differs("the document of keys has another hash than the statement names");
  }
  const known = keysOf(keys);
  if (known === null) return differs("the document of keys cannot be read, or is not in its one form");
  const key = known.find((one) => one.kid === kid);
  if (key === undefined) return differs(`the statement of epoch ${statement.epoch} does not name the key ${kid}`);
  const ended = BigInt(Math.floor(Date.parse(receipt.ended_at) / 1000)) / epochSeconds;
  const { valid_from_epoch: from, valid_until_epoch: until } = key;
  if (ended < from || (until !== null && ended > until)) {
    return differs(`the key ${kid} was not valid in epoch ${ended}, in which the call ended`);
  }
  const said = `the key ${kid}, which the statement of epoch ${statement.epoch} names by ${hex0x(statement.receiptKeyHash)}`;
  return { key, finding: finding("receipt-key", "verified", said) };
}

function signatureFinding({ signed, signature, receipt }: SignedReceipt, key: Key | null): ReceiptFinding {
  if (key === null) return finding("receipt-signature", "unchecked", "it rests on the step receipt-key, which differs");
  const point = concat(Uint8Array.of(4), fromBase64Url(key.x), fromBase64Url(key.y));
  const tokens = TOKEN_KINDS.reduce((sum, kind) => sum + receipt.tokens[kind], 0n);
  const said = `${countText(tokens)} tokens of ${receipt.model}, ${ratedText(receipt.rated_microtokens)}`;
  return isSignedBy(point, signed, signature)
    ? finding("receipt-signature", "verified", `${said}: signed by this key`)
    : finding("receipt-signature", "differs", "the key has not signed this receipt");
}

function isSignedBy(point: Bytes, signed: Bytes, signature: Bytes): boolean {
  try {
    return p256.verify(signature, signed, point, { lowS: false });
  } catch {
    return false;
  }
}

function promiseFinding({ counted_until_epoch: until, event_id }: Receipt, evidence: ReceiptEvidence): ReceiptFinding {
  const { billed, statement } = evidence;
  if (billed) return finding("promise", "verified", `it is counted, as promised by epoch ${until}`);
  if (billed === undefined) {
    const said = `promised in a statement by epoch ${until}; only the subscription's owner can see whether it is there`;
    return finding("promise", "unchecked", said);
  }
  if (statement.epoch <= until) {
    return finding("promise", "unchecked", `it is in no statement yet; promised by epoch ${until}`);
  }
  return finding("promise", "differs", `${event_id} is in no statement up to epoch ${until}, though it was promised`);
}

/** A book that came into force before the call was counted rates it anew, so its weight may then be another. */
function billedFinding(receipt: Receipt, billed: BilledCall): ReceiptFinding {
  const isSameCall =
    receipt.key_hash === billed.keyHash && TOKEN_KINDS.every((kind) => receipt.tokens[kind] === (billed.tokens[kind] ?? 0n));
  const weighs = `billed ${ratedText(billed.ratedMicrotokens)}, signed ${ratedText(receipt.rated_microtokens)}`;
  if (!isSameCall) return finding("billed", "differs", `billed for another key or other tokens; ${weighs}`);
  if (receipt.price_book_hash !== billed.priceBookHash) {
    return finding("billed", "unchecked", `rated by another book, ${billed.priceBookHash}; ${weighs}`);
  }
  const isSameWeight = receipt.rated_microtokens === billed.ratedMicrotokens;
  return finding("billed", isSameWeight ? "verified" : "differs", isSameWeight ? `${weighs}, by the same book` : weighs);
}

function finding(link: ReceiptFinding["link"], outcome: Outcome, said: string): ReceiptFinding {
  return { link, outcome, said };
}
