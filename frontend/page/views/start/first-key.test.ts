import assert from "node:assert/strict";
import { test } from "node:test";

import { ASKS_MAX, firstKey, type Asking } from "./first-key.ts";

/** A server that can make the key from the ask with this number on. */
function server(from: number, failing: readonly number[] = []) {
  let asks = 0;
  let passed = 0;
  const asking: Asking = {
    isMade: () => asks >= from,
    hasKeys: async () => false,
    make: async () => {
      asks += 1;
      if (failing.includes(asks)) throw new TypeError("offline");
    },
    pause: async (milliseconds) => {
      passed += milliseconds;
    },
    isOver: () => false,
  };
  return { asking, asks: () => asks, passed: () => passed };
}

test("a key that can be made only after five minutes is still waited for", async () => {
  const { asking, passed } = server(62);
  assert.deepEqual(await firstKey(asking), { name: "made" });
  assert.ok(passed() > 300_000);
});

test("a subscription that allows no key ends the waiting", async () => {
  const { asking, asks } = server(Infinity);
  assert.deepEqual(await firstKey(asking), { name: "waits" });
  assert.equal(asks(), ASKS_MAX);
});

test("a failure now and then is overcome, and three in a row are told", async () => {
  assert.equal((await firstKey(server(6, [1, 2, 4, 5]).asking)).name, "made");
  const told = await firstKey(server(6, [2, 3, 4]).asking);
  assert.equal(told.name === "failed" && told.failure.title, "The server cannot be reached");
});

test("keys that were made before are not made again", async () => {
  const { asking, asks } = server(1);
  assert.deepEqual(await firstKey({ ...asking, hasKeys: async () => true }), { name: "had" });
  assert.equal(asks(), 0);
});
