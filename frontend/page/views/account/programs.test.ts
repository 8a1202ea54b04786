import assert from "node:assert/strict";
import { test } from "node:test";

import { programOf } from "./programs.ts";

test("browsers are told by their names", () => {
  const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
  assert.equal(programOf(chrome), "Chrome on Linux");
  assert.equal(programOf(`${chrome} Edg/140.0`), "Edge on Linux");
  assert.equal(programOf("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"), "Safari on iOS");
});

test("other programs are called what they call themselves", () => {
  assert.equal(programOf("flareflow/1.0 (linux)"), "flareflow/1.0");
  assert.equal(programOf(""), "An unknown program");
});
