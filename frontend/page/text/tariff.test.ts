import assert from "node:assert/strict";
import { test } from "node:test";

import type { Plan } from "../../api/operations.ts";
import { perMillion, plansOnOffer, priceOf, tokensFor } from "./tariff.ts";

/** The default plan: FLOW for 1,000 rated tokens. */
const TIERS = [
  { end_tokens: "100000", price_ufix64: "2000000" },
  { end_tokens: "1000000", price_ufix64: "1500000" },
  { end_tokens: "10000000", price_ufix64: "1000000" },
  { end_tokens: null, price_ufix64: "800000" },
];
const TOKEN = 1_000_000n;

function plan(id: string, version: string, effective_at: string, is_retired = false): Plan {
  return {
    plan_id: id,
    plan_version: version,
    tariff: { tiers: { tiers: TIERS }, currency: "token", needs_rate: false },
    minimum_deposit_ufix64: "100000000",
    low_balance_ufix64: "10000000",
    effective_at,
    is_retired,
  };
}

test("a price counts for the part of the total that lies in its tier", () => {
  // 42,994.5 rated tokens in the first tier, as in the receipt that the documents show
  assert.equal(priceOf(TIERS, 0n, 42_994_500_000n), 85_989_000n);
  // 100,000 at 0.02 and 50,000 at 0.015 for each 1,000: 2.75 FLOW
  assert.equal(priceOf(TIERS, 0n, 150_000n * TOKEN), 275_000_000n);
  assert.equal(priceOf(TIERS, 100_000n * TOKEN, 50_000n * TOKEN), 75_000_000n);
});

test("what money pays for costs no more than the money, and one micro-token more would", () => {
  for (const after of [0n, 99_999n * TOKEN, 100_000n * TOKEN, 999_999_999_999n, 20_000_000n * TOKEN]) {
    for (const money of [1n, 275_000_000n, 123_456_789_012n]) {
      const affordable = tokensFor(TIERS, after, money)!;
      assert.ok(priceOf(TIERS, after, affordable) <= money, `${money} after ${after}`);
      assert.ok(priceOf(TIERS, after, affordable + 1_000n) >= money, `${money} after ${after}`);
    }
  }
});

test("money lasts for ever where the rest is free", () => {
  const free = [{ end_tokens: "1000", price_ufix64: "100" }, { end_tokens: null, price_ufix64: "0" }];
  assert.equal(tokensFor(free, 0n, 100n), null);
  assert.equal(tokensFor(free, 0n, 50n), 500n * TOKEN);
});

test("a million tokens that weigh 2.5 cost 2.5 times a million rated tokens", () => {
  // 0.02 FLOW for 1,000 rated tokens are 20 FLOW for a million
  assert.equal(perMillion(1_000_000, "2000000"), 2_000_000_000n);
  assert.equal(perMillion(2_500_000, "2000000"), 5_000_000_000n);
});

test("on offer is the newest version in force of each plan that is not retired", () => {
  const now = Date.parse("2026-11-24T12:00:00Z");
  const offered = plansOnOffer(
    [
      plan("1", "1", "2026-01-01T00:00:00Z"),
      plan("0", "1", "2026-01-01T00:00:00Z"),
      plan("0", "10", "2026-02-01T00:00:00Z"),
      plan("0", "9", "2026-01-15T00:00:00Z"),
      plan("0", "11", "2026-12-01T00:00:00Z"),
      plan("2", "1", "2026-01-01T00:00:00Z", true),
    ],
    now,
  );
  assert.deepEqual(offered.map((one) => `${one.plan_id}.${one.plan_version}`), ["0.10", "1.1"]);
});
