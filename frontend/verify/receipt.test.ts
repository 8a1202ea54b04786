import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { test } from "node:test";

import { keccak256, utf8 } from "./bytes.ts";
import type { Statement } from "./documents.ts";
import { FormError } from "./reading.ts";
import { checkReceipt, parseReceipt, type ReceiptEvidence } from "./receipt.ts";
import { readEvent } from "./steps/events.ts";

const EPOCH_SECONDS = 300n;
const ENDED_AT = "2026-11-24T12:00:02.250000Z";
const EPOCH = BigInt(Math.floor(Date.parse(ENDED_AT) / 1000)) / EPOCH_SECONDS;
const BOOK = `0x${"9f".repeat(32)}`;
const TOKENS = { prompt: 1200, cache_read: 0, cache_write: 0, completion: 340, reasoning: 0, audio_input: 0, audio_output: 0 };
const RECEIPT = {
  version: "flareflow-receipt/1",
  event_id: "0192-a",
  key_hash: "ab".repeat(32),
  call_type: "acompletion",
  model: "gpt-5-nano",
  answered_by: null,
  base_model: null,
  ending: "complete",
  tokens: TOKENS,
  tokens_are_estimated: false,
  rated_microtokens: 1_540_000_000,
  price_book_hash: BOOK,
  request_hash: "11".repeat(32),
  answer_hash: "22".repeat(32),
  started_at: "2026-11-24T12:00:00.250000Z",
  ended_at: ENDED_AT,
  counted_until_epoch: Number(EPOCH) + 12,
};

/** A gate with a key of its own, and the document that a statement names. */
class Gate {
  readonly #private: KeyObject;
  readonly kid: string;
  readonly keys: string;

  constructor(validFrom = EPOCH - 1n) {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { x, y } = publicKey.export({ format: "jwk" });
    this.#private = privateKey;
    const named = JSON.stringify({ crv: "P-256", kty: "EC", x, y });
    this.kid = createHash("sha256").update(named).digest("base64url");
    const validity = { valid_from_epoch: Number(validFrom), valid_until_epoch: null };
    const key = { crv: "P-256", kid: this.kid, kty: "EC", ...validity, x, y };
    this.keys = JSON.stringify({ keys: [key], version: "flareflow-receipt-keys/1" });
  }

  sign(more: object = {}, header: object = {}): string {
    const named = { alg: "ES256", kid: this.kid, typ: "flareflow-receipt", ...header };
    const parts = [named, { ...RECEIPT, ...more }];
    const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    const signature = sign("sha256", Buffer.from(signed), { key: this.#private, dsaEncoding: "ieee-p1363" });
    return `${signed}.${signature.toString("base64url")}`;
  }

  evidence(billed: ReceiptEvidence["billed"], epoch = EPOCH): ReceiptEvidence {
    const statement = { epoch, receiptKeyHash: keccak256(utf8(this.keys)) } as Statement;
    return { statement, keys: this.keys, epochSeconds: EPOCH_SECONDS, billed };
  }
}

function billed(more: object = {}) {
  const event = {
    version: "flareflow-event/1",
    subscription_id: "7",
    event_id: "0192-a",
    key_hash: "ab".repeat(32),
    call_type: "acompletion",
    model: "gpt-5-nano",
    base_model: null,
    tokens: { prompt: "1200", completion: "340" },
    units: {},
    rated_microtokens: "1540000000",
    cost_nanousd: "4520000",
    price_book_hash: BOOK,
    started_at: "2026-11-24T12:00:00.250000Z",
    ended_at: ENDED_AT,
    ...more,
  };
  return readEvent(JSON.stringify(event), 7n);
}

function outcomes(text: string, evidence: ReceiptEvidence): Readonly<Record<string, string>> {
  return Object.fromEntries(checkReceipt(parseReceipt(text), evidence).map(({ link, outcome }) => [link, outcome]));
}

test("a receipt that is billed as it was signed is verified, also when pasted from a stream", () => {
  const gate = new Gate();
  const found = outcomes(`: x-flareflow-receipt ${gate.sign()}\n`, gate.evidence(billed()));
  const verified = { "receipt-key": "verified", "receipt-signature": "verified", promise: "verified", billed: "verified" };
  assert.deepEqual(found, verified);
});

test("another call, another key or one byte of the signature is noticed", () => {
  const gate = new Gate();
  const [head, body, signature = ""] = gate.sign().split(".");
  const other = `${signature.slice(0, 10)}${signature[10] === "A" ? "B" : "A"}${signature.slice(11)}`;
  assert.equal(outcomes(`${head}.${body}.${other}`, gate.evidence(billed()))["receipt-signature"], "differs");
  const forged = Buffer.from(JSON.stringify({ ...RECEIPT, rated_microtokens: 1 })).toString("base64url");
  assert.equal(outcomes(`${head}.${forged}.${signature}`, gate.evidence(billed()))["receipt-signature"], "differs");
  assert.equal(outcomes(gate.sign(), new Gate().evidence(billed()))["receipt-key"], "differs");
});

test("a key signs only while it is valid, and only if the statement names it", () => {
  const late = new Gate(EPOCH + 1n);
  assert.equal(outcomes(late.sign(), late.evidence(billed()))["receipt-key"], "differs");
  const gate = new Gate();
  const evidence = { ...gate.evidence(billed()), keys: `${gate.keys} ` };
  assert.deepEqual(outcomes(gate.sign(), evidence)["receipt-signature"], "unchecked");
});

test("more than was signed differs, and another price book is told", () => {
  const gate = new Gate();
  const more = gate.evidence(billed({ rated_microtokens: "1540000001" }));
  assert.equal(outcomes(gate.sign(), more)["billed"], "differs");
  const tokens = gate.evidence(billed({ tokens: { prompt: "1201", completion: "340" } }));
  assert.equal(outcomes(gate.sign(), tokens)["billed"], "differs");
  const book = gate.evidence(billed({ price_book_hash: `0x${"aa".repeat(32)}` }));
  assert.equal(outcomes(gate.sign(), book)["billed"], "unchecked");
});

test("a promise is broken once its epoch is over, and open until then or for strangers", () => {
  const gate = new Gate();
  assert.equal(outcomes(gate.sign(), gate.evidence(null, EPOCH + 12n))["promise"], "unchecked");
  assert.equal(outcomes(gate.sign(), gate.evidence(null, EPOCH + 13n))["promise"], "differs");
  assert.equal(outcomes(gate.sign(), gate.evidence(undefined, EPOCH + 13n))["promise"], "unchecked");
});

test("what is no receipt says so", () => {
  const gate = new Gate();
  for (const text of ["", "a.b", "eyJ.x.y", gate.sign({ version: "other" }), gate.sign({ rated_microtokens: 1.5 })]) {
    assert.throws(() => parseReceipt(text), /receipt|dots/, text.slice(0, 20));
  }
});

test("a header that says something else than a receipt's is refused", () => {
  const gate = new Gate();
  for (const header of [{ alg: "none" }, { alg: "HS256" }, { typ: "JWT" }, { crit: ["b64"], b64: false }, { b64: true }, { jwk: {} }]) {
    assert.throws(() => parseReceipt(gate.sign({}, header)), /header/, JSON.stringify(header));
  }
});

test("a receipt has one text", () => {
  const text = new Gate().sign();
  const [head, body, signature = ""] = text.split(".");
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = digits[digits.indexOf(signature.at(-1) as string) + 1] as string;
  for (const other of [signature.slice(0, -1), `${signature}=`, `${signature}==`, signature.slice(0, -1) + last, `${signature.slice(0, 9)} ${signature.slice(9)}`]) {
    assert.throws(() => parseReceipt(`${head}.${body}.${other}`), FormError, other);
  }
});
