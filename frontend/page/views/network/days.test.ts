import assert from "node:assert/strict";
import { test } from "node:test";

import { daysOf, DAYS, lagsOf, onTimeText } from "./days.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const flow = (ok: string, late: string, unknown: string) => [{ system: "flow" as const, ok, late, unknown }];
const TOLD = {
  days: [
    { day: "2026-11-24", ticks: "144", lag_seconds: "420", systems: flow("143", "1", "0") },
    { day: "2026-11-22", ticks: "288", lag_seconds: "600", systems: flow("288", "0", "0") },
  ],
};

test("there are 90 days, and one of which nothing is known has no share", () => {
  const days = daysOf(TOLD, "flow", NOW);
  assert.equal(days.length, DAYS);
  assert.deepEqual(days.slice(-3).map(({ share }) => share), [1, null, 143 / 144]);
  assert.deepEqual(lagsOf(TOLD, NOW).slice(-3).map(({ seconds }) => seconds), [600, null, 420]);
});

test("what was late once is never 100 %", () => {
  assert.equal(onTimeText(daysOf(TOLD, "flow", NOW)), "99.7 %");
  assert.equal(onTimeText(daysOf({ days: TOLD.days.slice(1) }, "flow", NOW)), "100 %");
  assert.equal(onTimeText(daysOf(TOLD, "flare", NOW)), null);
});
