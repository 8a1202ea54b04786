import assert from "node:assert/strict";
import { test } from "node:test";

import { isOfDeadLetters, redrivenText } from "./queues.ts";

test("only what was given up can be tried again", () => {
  assert.equal(isOfDeadLetters("stream_dead_letters"), true);
  assert.equal(isOfDeadLetters("push_failures"), false);
  assert.equal(isOfDeadLetters("webhooks_dead_letters"), true);
  assert.equal(isOfDeadLetters("webhooks"), false);
});

test("what trying again came to is said in a sentence", () => {
  assert.equal(redrivenText({ moved: "1", left: "0" }), "1 message is tried again.");
  assert.equal(redrivenText({ moved: "2", left: "1" }), "2 messages are tried again. 1 stay: it is not known where they came from.");
});
