import assert from "node:assert/strict";
import { test } from "node:test";

import { attemptText, EVENTS, eventText, urlError } from "./webhook-words.ts";

const AT = "2026-11-24T12:00:00Z";

test("a url of the form that the API takes has no error", () => {
  for (const url of ["", "https://example.com", "https://example.com/hooks?a=b", "http://127.0.0.1:8080/hook"]) {
    assert.equal(urlError(url), undefined, url);
  }
});

test("any other url is told before it is sent", () => {
  const wrong = ["example.com", "ftp://example.com", "https://user@example.com/", "https://Example.com/", "https://example.com/#a", "https://example.com/a b", `https://example.com/${"a".repeat(500)}`];
  for (const url of wrong) assert.notEqual(urlError(url), undefined, url);
});

test("an attempt is told in a sentence", () => {
  const took = { at: AT, milliseconds: "12" };
  const failed = { ...took, status: "500", error: "The receiver answered 500." };
  const taken = { ...took, status: "200", error: null };
  assert.equal(attemptText({ attempts: [], state: "pending" }), "Not attempted yet.");
  assert.equal(attemptText({ attempts: [taken], state: "delivered" }), "Answered 200 in 12 ms.");
  assert.equal(attemptText({ attempts: [failed], state: "pending" }), "The receiver answered 500 (12 ms).");
  assert.equal(attemptText({ attempts: [failed, taken], state: "delivered" }), "Answered 200 in 12 ms. 2 attempts so far.");
});

test("each type has a name", () => {
  assert.deepEqual([...EVENTS.map(({ type }) => eventText(type)), eventText("webhook.test")], ["Standing changed", "Balance low", "Epoch settled", "Test"]);
});
