import assert from "node:assert/strict";
import { test } from "node:test";

import { EMPTY_FORM, errorsOf, requestOf, wholeNumber } from "./limits.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");

test("a key without limits is asked for without any", () => {
  assert.deepEqual(errorsOf(EMPTY_FORM, NOW), {});
  assert.deepEqual(requestOf("7", { ...EMPTY_FORM, alias: " laptop " }), {
    subscription_id: "7",
    alias: "laptop",
    models: [],
    expires_at: null,
    requests_per_minute: null,
    tokens_per_minute: null,
    cap_rated_tokens: null,
  });
});

test("limits are whole numbers, with or without separators", () => {
  assert.equal(wholeNumber("1,000,000"), "1000000");
  for (const wrong of ["0", "-5", "1.5", "1e6", "many", "9".repeat(16)]) assert.equal(wholeNumber(wrong), null);
});

test("what is wrong stands beside its field", () => {
  const form = { ...EMPTY_FORM, alias: "a".repeat(101), cap: "much", expires: "2026-11-24T11:00:00Z" };
  assert.deepEqual(Object.keys(errorsOf(form, NOW)), ["alias", "cap", "expires"]);
});
