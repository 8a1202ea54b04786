import assert from "node:assert/strict";
import { test } from "node:test";

import { chainOf } from "./chain.ts";
import { ChainUnavailableError } from "./errors.ts";
import { FLOW } from "./testing.ts";

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");

function node(status: number, body: unknown) {
  const asked: { url: string; body: string }[] = [];
  const send = async (url: string | URL | Request, init: RequestInit = {}) => {
    asked.push({ url: String(url), body: String(init.body) });
    return new Response(JSON.stringify(body), { status });
  };
  return { asked, chain: chainOf(FLOW, send as typeof fetch) };
}

test("a sealed transaction has the fee that was paid, whatever its other events hold", async () => {
  const fees = encoded({
    type: "Event",
    value: {
      id: "A.e5a8b7f23e8b548f.FlowFees.FeesDeducted",
      fields: [{ name: "amount", value: { type: "UFix64", value: "0.00518000" } }],
    },
  });
  const other = encoded({ type: "Event", value: { id: "A.01.Other.Event", fields: [{ name: "of", value: { type: "Type", value: {} } }] } });
  const events = [
    { type: "A.01.Other.Event", payload: other },
    { type: "A.e5a8b7f23e8b548f.FlowFees.FeesDeducted", payload: fees },
  ];
  const { chain, asked } = node(200, { status: "Sealed", error_message: "", events });
  assert.deepEqual(await chain.transaction("ab"), { state: "sealed", error: null, fee: 518_000n });
  assert.equal(asked[0]?.url, `${FLOW.access_node}/v1/transaction_results/ab`);
});

test("a transaction that the node does not know is unknown, and an undone one has its error", async () => {
  assert.equal((await node(404, {}).chain.transaction("ab")).state, "unknown");
  const undone = node(200, { status: "Executed", error_message: "panic", events: [] });
  assert.deepEqual(await undone.chain.transaction("ab"), { state: "in_block", error: "panic", fee: null });
});

test("a node that fails is no answer", async () => {
  await assert.rejects(node(503, {}).chain.transaction("ab"), ChainUnavailableError);
  const offline = chainOf(FLOW, () => Promise.reject(new TypeError("offline")));
  await assert.rejects(offline.balance("0x01"), ChainUnavailableError);
});

test("a balance is in units of 1e-8, and an account of another network has none", async () => {
  const { chain, asked } = node(200, { balance: "100000000000" });
  assert.equal(await chain.balance("0x01cf0e2f2f715450"), 100_000_000_000n);
  assert.equal(asked[0]?.url, `${FLOW.access_node}/v1/accounts/01cf0e2f2f715450`);
  assert.equal(await node(404, {}).chain.balance("0x01"), null);
});

test("a script has the addresses of the deployment and its arguments in JSON-CDC", async () => {
  const answer = { type: "Optional", value: { type: "Array", value: [{ type: "UInt64", value: "7" }] } };
  const { chain, asked } = node(200, encoded(answer));
  const code = 'import "SubscriptionOwnership"\naccess(all) fun main(owner: Address): [UInt64]? { return nil }';
  assert.deepEqual(await chain.run(code, [{ type: "Address", value: "0x01" }]), ["7"]);
  const { script, arguments: args } = JSON.parse(asked[0]?.body ?? "") as { script: string; arguments: string[] };
  assert.match(Buffer.from(script, "base64").toString(), /^import SubscriptionOwnership from 0x01cf0e2f2f715450$/m);
  assert.deepEqual(args, [encoded({ type: "Address", value: "0x01" })]);
});
