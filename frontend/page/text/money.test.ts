import assert from "node:assert/strict";
import { test } from "node:test";

import { converted, inCurrencyOf } from "./money.ts";

const QUARTER = { rate_ufix64: "25000000", read_at: "2026-11-24T12:00:00Z" };
const IN_TOKENS = { currency: "token", needs_rate: false } as const;
const IN_DOLLARS = { currency: "USD", needs_rate: true } as const;

test("an amount is converted at the rate, in both directions", () => {
  assert.equal(converted(400_000_000n, IN_TOKENS, "USD", QUARTER), 100_000_000n);
  assert.equal(converted(100_000_000n, IN_DOLLARS, "token", QUARTER), 400_000_000n);
  assert.equal(converted(7n, IN_TOKENS, "token", null), 7n);
});

test("without a rate an amount in another currency is not known", () => {
  assert.equal(converted(1n, IN_TOKENS, "USD", null), null);
  assert.equal(converted(1n, IN_DOLLARS, "token", null), null);
});

test("a token that is a dollar by definition needs no rate", () => {
  assert.equal(converted(5n, { currency: "USD", needs_rate: false }, "token", null), 5n);
  assert.equal(inCurrencyOf({ needs_rate: false }, 5n, null), 5n);
  assert.equal(inCurrencyOf(IN_DOLLARS, 400_000_000n, QUARTER), 100_000_000n);
  assert.equal(inCurrencyOf(IN_DOLLARS, 1n, null), null);
});
