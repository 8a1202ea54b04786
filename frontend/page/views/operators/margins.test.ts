import assert from "node:assert/strict";
import { test } from "node:test";

import { DAYS, daysUntil, nanoText, shareText, sumsOf } from "./margins.ts";

const margin = (model: string, revenue: string, cost: string) => ({
  model,
  calls: "2",
  rated_microtokens: "1000000",
  revenue_nanousd: revenue,
  cost_nanousd: cost,
  margin_nanousd: (BigInt(revenue) - BigInt(cost)).toString(),
});

test("models are summed exactly, losses included", () => {
  const sums = sumsOf([margin("cheap", "9007199254740993", "1"), margin("dear", "1", "3")]);
  assert.deepEqual(sums, { calls: 4n, revenue: 9007199254740994n, cost: 4n, margin: 9007199254740990n });
});

test("1e-9 dollars are told in dollars", () => {
  assert.equal(nanoText("1500000"), "$0.0015");
  assert.equal(nanoText("-2500000000"), "−$2.50");
});

test("a margin is a part of the revenue, where there is any", () => {
  assert.equal(shareText("250", "1000"), "25 %");
  assert.equal(shareText("-1000", "500"), "−200 %");
  assert.equal(shareText("-5", "0"), null);
});

test("days are of UTC and go back as far as they are kept", () => {
  const days = daysUntil(Date.parse("2026-03-01T00:30:00Z"));
  assert.deepEqual(days.slice(0, 2), ["2026-03-01", "2026-02-28"]);
  assert.equal(days.length, DAYS);
});
