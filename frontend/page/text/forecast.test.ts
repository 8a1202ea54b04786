import assert from "node:assert/strict";
import { test } from "node:test";

import type { Subscription } from "../../api/operations.ts";
import { forecast } from "./forecast.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const TOKEN = 1_000_000n;
/** 1,000 rated tokens an hour for ten hours. */
const HOURS = Array.from({ length: 10 }, (_, hour) => ({
  start: new Date(NOW - (hour + 1) * 3_600_000).toISOString(),
  micro: 1_000n * TOKEN,
}));

/** A deposit of one price: 0.01 tokens for 1,000 rated tokens. */
function subscription(change: Partial<Subscription["subscription"]> = {}, pending = "0"): Subscription {
  return {
    subscription: {
      balance_ufix64: "10000000",
      charged_ufix64: "0",
      settled_microtokens: "0",
      spend_cap: null,
      tariff: { tiers: { tiers: [{ end_tokens: null, price_ufix64: "1000000" }] }, currency: "token", needs_rate: false },
      ...change,
    },
    pending_microtokens: "0",
    estimated_charge_ufix64: pending,
    rate: null,
  } as Subscription;
}

test("a deposit that pays for ten hours of the present pace ends in ten hours", () => {
  // 0.1 tokens pay for 10,000 rated tokens
  assert.deepEqual(forecast(subscription(), HOURS, NOW), { name: "ends", seconds: 36_000, isCap: false });
});

test("what is metered and not charged is gone already", () => {
  assert.deepEqual(forecast(subscription({}, "5000000"), HOURS, NOW), { name: "ends", seconds: 18_000, isCap: false });
  assert.deepEqual(forecast(subscription({}, "20000000"), HOURS, NOW), { name: "ends", seconds: 0, isCap: false });
});

test("a spend cap ends calls before the deposit does", () => {
  const spend_cap = { limit_ufix64: "2000000", period_ends_at: "2026-12-01T00:00:00Z", charged_before_ufix64: "0" };
  const capped = subscription({ spend_cap, charged_ufix64: "1000000" });
  assert.deepEqual(forecast(capped, HOURS, NOW), { name: "ends", seconds: 3_600, isCap: true });
});

test("a period of a cap that is over counts no more", () => {
  const spend_cap = { limit_ufix64: "2000000", period_ends_at: "2026-11-01T00:00:00Z", charged_before_ufix64: "0" };
  const capped = subscription({ spend_cap, charged_ufix64: "1000000" });
  assert.deepEqual(forecast(capped, HOURS, NOW), { name: "ends", seconds: 7_200, isCap: true });
});

test("without usage nothing ends, and without a rate nobody knows", () => {
  assert.deepEqual(forecast(subscription(), [], NOW), { name: "unused" });
  const unknown = { ...subscription(), estimated_charge_ufix64: null };
  assert.deepEqual(forecast(unknown, HOURS, NOW), { name: "unknown" });
});

test("a spend cap that is not reached before its period ends stops nothing", () => {
  // Given a cap that pays for two hours of the present pace, in a period that ends in one
  const spend_cap = { limit_ufix64: "2000000", period_ends_at: "2026-11-24T13:00:00Z", charged_before_ufix64: "0" };
  // Then the deposit is what ends, after its ten hours
  assert.deepEqual(forecast(subscription({ spend_cap }), HOURS, NOW), { name: "ends", seconds: 36_000, isCap: false });
});

test("where the rest is free, nothing ends", () => {
  const tariff = { tiers: { tiers: [{ end_tokens: null, price_ufix64: "0" }] }, currency: "token", needs_rate: false } as const;
  assert.deepEqual(forecast(subscription({ tariff }), HOURS, NOW), { name: "free" });
});
