import assert from "node:assert/strict";
import { test } from "node:test";

import { namesFrom } from "./naming.ts";

const settled = () => new Promise((resume) => setTimeout(resume));

/** Names of keys, and how often they were asked for. */
function keys(aliases: Record<string, string>) {
  let asked = 0;
  const names = namesFrom(async () => {
    asked += 1;
    return Object.entries(aliases).map(([key_hash, alias]) => ({ key_hash, alias }));
  });
  return { aliases, names, asked: () => asked, nameOf: (hash: string | null) => names.naming.value(hash) };
}

test("a key that was made since has its name as soon as it turns up", async () => {
  // Given names that were read before a key was made
  const { aliases, names, nameOf } = keys({ aaaaaaaaaaaa: "production" });
  names.want();
  await settled();
  aliases["bbbbbbbbbbbb"] = "staging";
  // When a call of the new key is shown
  assert.equal(nameOf("bbbbbbbbbbbb"), "Key bbbbbbbb");
  await settled();
  // Then it has its name
  assert.equal(nameOf("bbbbbbbbbbbb"), "staging");
  assert.equal(nameOf("aaaaaaaaaaaa"), "production");
});

test("a key that nobody knows is asked for once", async () => {
  const { names, nameOf, asked } = keys({});
  names.want();
  await settled();
  for (let count = 0; count < 5; count += 1) {
    assert.equal(nameOf("cccccccccccc"), "Key cccccccc");
    await settled();
  }
  assert.equal(asked(), 2);
});

test("a key without a name is called by its hash, and a call without a key so", async () => {
  const { names, nameOf } = keys({ aaaaaaaaaaaa: "" });
  names.want();
  await settled();
  assert.equal(nameOf("aaaaaaaaaaaa"), "Key aaaaaaaa");
  assert.equal(nameOf(null), "Unknown key");
});
