import assert from "node:assert/strict";
import { test } from "node:test";

import { faultsOf, optionsOf, requestOf, type Filled } from "./decisions.ts";

const CASE = { id: "row#total_differs#1", kind: "row" } as const;
const filled = (changes: Partial<Filled>): Filled => ({ choice: "written_off", why: "asked", fields: "", transaction: "", ...changes });
const hasFaults = (changes: Partial<Filled>) => Object.values(faultsOf(filled(changes))).some((fault) => fault !== null);

test("only rows are billed as they are, and only differences credited", () => {
  const choices = (kind: "row" | "tally" | "difference") => optionsOf({ kind }).map(({ choice }) => choice);
  assert.deepEqual(choices("row"), ["driven_again", "billed", "written_off"]);
  assert.deepEqual(choices("tally"), ["driven_again", "written_off"]);
  assert.deepEqual(choices("difference"), ["written_off", "credited", "billed"]);
});

test("a decision says why, and has what it needs", () => {
  assert.equal(hasFaults({}), false);
  assert.equal(hasFaults({ why: "  " }), true);
  for (const fields of ["", "{", "[1]", "null", "30"]) assert.equal(hasFaults({ choice: "billed", fields }), true, fields);
  assert.equal(hasFaults({ choice: "billed", fields: '{"total_tokens": 30}' }), false);
  assert.equal(hasFaults({ choice: "credited", transaction: "8c" }), true);
  assert.equal(hasFaults({ choice: "credited", transaction: `0x${"8C".repeat(32)}` }), false);
});

test("what is sent has the fields of its verdict and no others", () => {
  const all = { fields: '{"total_tokens": 30}', transaction: "8c".repeat(32) };
  const base = { case: CASE.id, why: "asked" };
  assert.deepEqual(requestOf(CASE, filled({ ...all, why: " asked " })), { ...base, verdict: "written_off" });
  assert.deepEqual(requestOf(CASE, filled({ ...all, choice: "billed" })), { ...base, verdict: "billed", row: { total_tokens: 30 } });
  assert.deepEqual(requestOf(CASE, filled({ ...all, choice: "credited" })), {
    ...base,
    verdict: "credited",
    transaction: "8c".repeat(32),
  });
});
