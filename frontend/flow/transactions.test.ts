import assert from "node:assert/strict";
import { test } from "node:test";

import { TRANSACTIONS } from "./code.ts";
import { withAddresses } from "./deployment.ts";
import { FLOW } from "./testing.ts";
import * as transactions from "./transactions.ts";
import type { OwnerTransaction } from "./transactions.ts";

const PLAN = { planId: "1", planVersion: "2" };
const ALL: readonly OwnerTransaction[] = [
  transactions.openSubscription(PLAN, 1_050_000_000n, "FLOW"),
  transactions.topUp("7", 1n, "FLOW"),
  transactions.setSpendCap("7", 2_000_000_000n, "FLOW"),
  transactions.setSpendCap("7", null, "FLOW"),
  transactions.setEpochLimit("7", 300_000_000n, "FLOW"),
  transactions.changePlan("7", PLAN),
  transactions.requestExit("7", "1 hour"),
  transactions.cancelExit("7"),
  transactions.withdraw("7", 1n, "FLOW"),
  transactions.closeSubscription("7", "FLOW"),
  transactions.publishHolder(),
  transactions.moveOwnership("7", "0x179b6b1cb6755e31"),
  transactions.claim("7"),
];

/** The types of a transaction's parameters, as its Cadence has them. */
function parameters(code: string): string[] {
  const list = /^transaction(?:\((.*)\))? {/m.exec(code)?.[1] ?? "";
  return list === "" ? [] : list.split(", ").map((parameter) => parameter.split(": ")[1] ?? "");
}

test("every transaction gives its Cadence the parameters that it takes", () => {
  for (const { name, args } of ALL) {
    assert.deepEqual(args.map(({ type }) => type), parameters(TRANSACTIONS[name]), name);
  }
  assert.deepEqual(new Set(ALL.map(({ name }) => name)), new Set(Object.keys(TRANSACTIONS)));
});

test("every import becomes an address of the deployment", () => {
  for (const code of Object.values(TRANSACTIONS)) assert.doesNotMatch(withAddresses(code, FLOW), /^import "/m);
  assert.throws(() => withAddresses('import "Unknown"', FLOW), /no address of the contract Unknown/);
});

test("an amount is written with all its decimals, and read without those that are zero", () => {
  const opening = transactions.openSubscription(PLAN, 1_050_000_000n, "FLOW");
  assert.equal(opening.args[2]?.value, "10.50000000");
  assert.match(opening.costs, /^10\.50 FLOW move from your wallet/);
  assert.equal(transactions.topUp("7", 1n, "FLOW").args[1]?.value, "0.00000001");
});

test("only what is paid in is taken from the wallet", () => {
  const taking = ALL.filter(({ takes }) => takes > 0n).map(({ name }) => name);
  assert.deepEqual(taking, ["open_subscription", "top_up"]);
});

test("every transaction tells what it does, what it costs and what has happened, in sentences", () => {
  for (const { name, does, costs, done } of ALL) {
    for (const text of [does, costs, done]) assert.match(text, /^[A-Z0-9].*\.$/, name);
  }
});

test("the network fee is that of the units of computation", () => {
  assert.equal(transactions.FEE_MAX, 1_210_000n);
  assert.equal(transactions.FEE_USUAL, 710_000n);
});
