import assert from "node:assert/strict";
import { test } from "node:test";

import { agoText, durationText } from "./time.ts";

test("a duration has its two largest units", () => {
  assert.equal(durationText(7384), "2 hours 3 minutes");
  assert.equal(durationText(86_400), "1 day");
  assert.equal(durationText(86_405), "1 day");
  assert.equal(durationText(61), "1 minute 1 second");
  assert.equal(durationText(0), "0 seconds");
});

test("how long ago something was is one unit", () => {
  const now = Date.parse("2026-11-24T12:00:00Z");
  assert.equal(agoText("2026-11-24T11:59:55Z", now), "just now");
  assert.equal(agoText("2026-11-24T11:58:59Z", now), "1 minute ago");
  assert.equal(agoText("2026-11-22T12:00:00Z", now), "2 days ago");
});
