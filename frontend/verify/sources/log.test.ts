import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { concat, fromHex, utf8, type Bytes } from "../bytes.ts";
import { parseStatement } from "../documents.ts";
import { checkInclusion, leafHash, nodeHash, ProofError } from "../log/proofs.ts";
import { Requests } from "./http.ts";
import { findInLog } from "./log.ts";

const SIZE = 300;
const FIRST = 5_812_000;
const SHIPPED = JSON.parse(readFileSync("../tests/vectors/bundles/good-public.json", "utf8")) as {
  readonly sealed: readonly { readonly statement: string }[];
};
const BODY = SHIPPED.sealed[0]?.statement ?? "";

/** Statements of every second epoch. */
const ENTRIES = Array.from({ length: SIZE }, (_, place) => {
  return utf8(BODY.replace(/"epoch":"\d+"/, `"epoch":"${FIRST + 2 * place}"`));
});
const LEAVES = ENTRIES.map(leafHash);

/** The root as RFC 6962 defines it, without tiles. */
function rootOf(leaves: readonly Bytes[]): Bytes {
  if (leaves.length === 1) return leaves[0] as Bytes;
  const middle = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
  return nodeHash(rootOf(leaves.slice(0, middle)), rootOf(leaves.slice(middle)));
}

const packed = (entries: readonly Bytes[]) =>
  concat(...entries.map((entry) => concat(Uint8Array.of(entry.length >> 8, entry.length & 255), entry)));
const ROOT = rootOf(LEAVES);
const FILES: Readonly<Record<string, Bytes>> = {
  checkpoint: utf8(`host/v1/log\n${SIZE}\n${btoa(String.fromCharCode(...ROOT))}\n\n\u2014 host/v1/log ${btoa("x".repeat(68))}\n`),
  "tile/0/000": concat(...LEAVES.slice(0, 256)),
  "tile/0/001.p/44": concat(...LEAVES.slice(256)),
  "tile/1/000.p/1": rootOf(LEAVES.slice(0, 256)),
  "tile/entries/000": packed(ENTRIES.slice(0, 256)),
  "tile/entries/001.p/44": packed(ENTRIES.slice(256)),
};

function requestsOf(files: Readonly<Record<string, Bytes>>): Requests {
  return new Requests((async (url: string) => {
    const content = files[url.replace("http://host/v1/log/", "")];
    return new Response(content ? (content.slice().buffer as ArrayBuffer) : null, { status: content ? 200 : 404 });
  }) as unknown as typeof fetch);
}

const find = (epoch: number, files = FILES) => findInLog(requestsOf(files), "http://host", BigInt(epoch));
const bytesOf = (texts: readonly string[]) => texts.map((text) => fromHex(text.slice(2)));

test("every statement is found, with a proof that leads to the checkpoint's root", async () => {
  const tree = { size: BigInt(SIZE), root: ROOT };
  for (const place of [0, 1, 127, 255, 256, 298, 299]) {
    const { index, inclusion } = await find(FIRST + 2 * place);
    assert.equal(index, String(place));
    checkInclusion(LEAVES[place] as Bytes, BigInt(place), tree, bytesOf(inclusion));
    assert.throws(() => checkInclusion(LEAVES[7] as Bytes, BigInt(place), tree, bytesOf(inclusion)), ProofError);
  }
});

test("an epoch after the log's end has no place yet, and one that it lacks has that of the next", async () => {
  assert.equal((await find(FIRST + 2 * SIZE)).index, null);
  const { index } = await find(FIRST + 3);
  assert.equal(index, "2");
  assert.equal(parseStatement(new TextDecoder().decode(ENTRIES[2])).epoch, BigInt(FIRST + 4));
});

test("a tile that is cut off, or a checkpoint of another form, is an error and no proof", async () => {
  const cut = { ...FILES, "tile/0/000": (FILES["tile/0/000"] as Bytes).subarray(0, 40) };
  await assert.rejects(find(FIRST + 2 * 5, cut), /unknown form/);
  await assert.rejects(find(FIRST, { ...FILES, checkpoint: utf8("no note") }), /known form/);
});
