import assert from "node:assert/strict";
import { test } from "node:test";

import { LINKS } from "../../../verify/evidence.ts";
import { GROUPS, TITLES } from "./words.ts";

test("each step stands in one group, in the order in which steps are taken", () => {
  const grouped = GROUPS.flatMap(({ links }) => links);
  assert.deepEqual(grouped.toSorted(), Object.keys(TITLES).toSorted());
  assert.deepEqual(grouped.filter((link) => (LINKS as readonly string[]).includes(link)), [...LINKS]);
});
