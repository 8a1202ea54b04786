import assert from "node:assert/strict";
import { test } from "node:test";

import { rowsInView } from "./virtual.ts";

test("of 10,000 rows few are rendered, wherever the frame is scrolled", () => {
  for (let top = 0; top <= 10_000 * 44 - 600; top += 977) {
    const { first, last } = rowsInView({ top, height: 600, row: 44 }, 10_000);
    assert.ok(last - first <= 40, `${last - first} rows at ${top}`);
    assert.ok(first * 44 <= top && last * 44 >= top + 600, `rows ${first} to ${last} at ${top}`);
  }
});

test("a frame that was scrolled further than there are rows now shows the last ones", () => {
  const { first, last } = rowsInView({ top: 44_000, height: 600, row: 44 }, 100);
  assert.equal(last, 100);
  assert.ok(first < 100);
});

test("all rows of a view have places of their own, and keep them while they are in view", () => {
  // Given 10,000 rows, scrolled from the first to the last in steps of any length
  let before = new Map<number, number>();
  for (let top = 0; top <= 440_000; top += 431) {
    const { first, last, placeOf } = rowsInView({ top, height: 600, row: 44 }, 10_000);
    const places = new Map(Array.from({ length: last - first }, (_, at) => [first + at, placeOf(first + at)]));
    assert.equal(new Set(places.values()).size, places.size);
    for (const [index, place] of places) assert.equal(before.get(index) ?? place, place);
    // Then there are never more elements than a few views of rows
    assert.ok(places.size <= 14 + 2 * 12);
    before = places;
  }
});
