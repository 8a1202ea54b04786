import assert from "node:assert/strict";
import { test } from "node:test";

import { explorerLink } from "./explorers.ts";

test("an explorer's template is filled in", () => {
  assert.equal(explorerLink("https://scan/tx/{transaction}", { transaction: "0xab" }), "https://scan/tx/0xab");
  assert.equal(explorerLink(undefined, { transaction: "0xab" }), null);
});

test("a contract of Flow is named with its address without 0x", () => {
  const link = explorerLink("https://scan/contract/A.{address}.{name}", { address: "0x01cf0e2f2f715450", name: "Plans" });
  assert.equal(link, "https://scan/contract/A.01cf0e2f2f715450.Plans");
});
