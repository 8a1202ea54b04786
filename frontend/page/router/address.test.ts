import assert from "node:assert/strict";
import { test } from "node:test";

import { match, placeOf } from "./address.ts";

test("a hash is a path and a query", () => {
  assert.equal(placeOf("").path, "/");
  assert.equal(placeOf("#/usage/").path, "/usage");
  assert.equal(placeOf("#/usage?subscription=7").query.get("subscription"), "7");
});

test("a pattern takes values out of a path of its length", () => {
  assert.deepEqual(match("/epochs/:epoch", "/epochs/179576586"), { epoch: "179576586" });
  assert.deepEqual(match("/models/:name", "/models/azure%2Fgpt-4o"), { name: "azure/gpt-4o" });
  assert.equal(match("/epochs/:epoch", "/epochs"), null);
  assert.equal(match("/epochs/:epoch", "/epochs/"), null);
  assert.equal(match("/usage", "/keys"), null);
});

test("an address that cannot be decoded is passed on as it is", () => {
  assert.deepEqual(match("/models/:name", "/models/%E0%A4%A"), { name: "%E0%A4%A" });
});
