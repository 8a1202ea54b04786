import assert from "node:assert/strict";
import { test } from "node:test";

import { newestAttested, partsOf, stageOf } from "./stages.ts";

const REACHED = { sealed: 12n, attested: 11n, settled: 10n };

test("a call has the stage that its epoch has reached", () => {
  assert.equal(stageOf("13", "pending", REACHED), "pending");
  assert.equal(stageOf("12", "pending", REACHED), "sealed");
  assert.equal(stageOf("11", "sealed", REACHED), "attested");
  assert.equal(stageOf("10", "sealed", REACHED), "settled");
});

test("what the API has told is believed where epochs are not known", () => {
  const unknown = { sealed: null, attested: null, settled: null };
  assert.equal(stageOf("10", "settled", unknown), "settled");
  assert.equal(stageOf("10", "sealed", unknown), "sealed");
  assert.equal(stageOf("10", "pending", unknown), "pending");
});

test("a newer attestation attests what an older statement has", () => {
  const epochs = [
    { epoch: "14", state: "REQUESTED" },
    { epoch: "13", state: "PROVEN" },
    { epoch: "12", state: "SKIPPED" },
    { epoch: "9", state: "SETTLED" },
  ] as const;
  assert.equal(newestAttested(epochs), 13n);
  assert.equal(newestAttested([]), null);
});

test("the parts of all usage add up to what is metered", () => {
  const parts = partsOf({ metered: 100n, sealed: 80n, attested: 70n, settled: 50n });
  assert.deepEqual(parts, { settled: 50n, attested: 20n, sealed: 10n, pending: 20n });
});

test("a total that is told late makes no part negative", () => {
  const parts = partsOf({ metered: 40n, sealed: 0n, attested: 60n, settled: 50n });
  assert.deepEqual(parts, { settled: 50n, attested: 10n, sealed: 0n, pending: 0n });
});
