import assert from "node:assert/strict";
import { test } from "node:test";

import type { Chain } from "./chain.ts";
import { ASKS_SILENT_MAX, ASKS_UNKNOWN_MAX, type Progress, followTransaction, sendTransaction } from "./sending.ts";
import { ADDRESS, FLOW, TRANSACTION_ID, chainThat } from "./testing.ts";
import { topUp } from "./transactions.ts";
import type { Wallet } from "./wallet.ts";

const TOP_UP = topUp("7", 250_000_000n, "FLOW");
const SIGNED: Wallet["sign"] = async ({ onSigned }) => onSigned(TRANSACTION_ID);
const FEE = 518_000n;

async function sent(chain: Pick<Chain, "transaction">, sign: Wallet["sign"] = SIGNED) {
  const steps: Progress[] = [];
  let pauses = 0;
  const pause = async () => void (pauses += 1);
  const sender = { flow: FLOW, wallet: { sign }, chain, pause, signer: ADDRESS };
  const last = await sendTransaction(sender, TOP_UP, "code", (progress) => steps.push(progress));
  assert.equal(steps.at(-1), last);
  return { last, names: steps.map(({ step }) => step), pauses: () => pauses };
}

const after = (error: unknown): Wallet["sign"] => async (signing) => {
  await SIGNED(signing);
  throw error;
};

test("a transaction is followed until it is sealed, with its fee", async () => {
  const chain = chainThat({}, { state: "pending" }, { state: "in_block" }, { state: "sealed", fee: FEE });
  const { last, names } = await sent(chain);
  assert.deepEqual(names, ["wallet", "sent", "in_block", "sealed"]);
  assert.deepEqual(last, { step: "sealed", id: TRANSACTION_ID, fee: FEE });
});

test("what the wallet does not sign is never sent", async () => {
  const { last, names } = await sent(chainThat({}), async () => {
    throw "Declined: User declined";
  });
  assert.deepEqual(names, ["wallet", "failed"]);
  assert.equal(last.step === "failed" && last.failure.kind, "declined");
  assert.equal(last.step === "failed" && last.id, null);
});

test("a lost answer to sending is no failure: the chain tells what became of it", async () => {
  const { last } = await sent(chainThat({}, {}, { state: "sealed" }), after(new TypeError("Failed to fetch")));
  assert.equal(last.step, "sealed");
});

test("a transaction of which nothing is heard may have happened", async () => {
  const { last, pauses } = await sent(chainThat({}), after(new TypeError("Failed to fetch")));
  assert.equal(last.step, "unknown");
  assert.equal(last.step === "unknown" && last.id, TRANSACTION_ID);
  assert.equal(pauses(), ASKS_UNKNOWN_MAX);
});

test("a chain that stays silent leaves the outcome unknown", async () => {
  const { last, pauses } = await sent(chainThat({ state: "pending" }, "silent"));
  assert.equal(last.step === "unknown" && last.failure.kind, "unknown_outcome");
  assert.equal(pauses(), ASKS_SILENT_MAX + 1);
});

test("a chain that is silent for a while is asked again", async () => {
  const { last } = await sent(chainThat("silent", "silent", { state: "sealed" }));
  assert.equal(last.step, "sealed");
});

test("a transaction that the node finds invalid, and that is not on chain, was not sent", async () => {
  const error = new Error("HTTP Request Error\n method=POST\n responseBody={\"message\":\"invalid\"}\n statusCode=400");
  const { last } = await sent(chainThat({}), after(error));
  assert.equal(last.step === "failed" && last.failure.title, "The network did not take it");
});

test("a transaction that the node finds invalid because it has it already is followed", async () => {
  const error = new Error("HTTP Request Error\n responseBody=duplicate\n statusCode=400");
  const { last } = await sent(chainThat({ state: "pending" }, { state: "sealed" }), after(error));
  assert.equal(last.step, "sealed");
});

test("an executed transaction that was undone has failed only once that is sealed", async () => {
  const error = "[Error Code: 1101] error: panic: top_up: the signer has no vault at /storage/flowTokenVault";
  const { last, names } = await sent(chainThat({ state: "in_block", error }, { state: "sealed", error }));
  assert.deepEqual(names, ["wallet", "sent", "in_block", "failed"]);
  assert.equal(last.step === "failed" && last.failure.kind, "refused");
});

test("a transaction that expired can be signed again", async () => {
  const { last } = await sent(chainThat({ state: "pending" }, { state: "expired" }));
  assert.equal(last.step === "failed" && last.failure.kind, "expired");
});

test("an unknown outcome can be looked for again", async () => {
  const steps: Progress[] = [];
  const sender = { flow: FLOW, wallet: { sign: SIGNED }, chain: chainThat({ state: "sealed" }), pause: async () => {}, signer: ADDRESS };
  await followTransaction(sender, TRANSACTION_ID, (progress) => steps.push(progress));
  assert.deepEqual(steps.map(({ step }) => step), ["sent", "sealed"]);
});
