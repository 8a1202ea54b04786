import assert from "node:assert/strict";
import { test } from "node:test";

import { rowsInView, steppedView } from "./virtual.ts";

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
    const { first, last, placeOf } = rowsInView(steppedView({ top, height: 600, row: 44 }), 10_000);
    assert.ok(first * 44 <= top && last * 44 >= Math.min(top + 600, 440_000), `rows ${first} to ${last} at ${top}`);
    const places = new Map(Array.from({ length: last - first }, (_, at) => [first + at, placeOf(first + at)]));
    assert.equal(new Set(places.values()).size, places.size);
    for (const [index, place] of places) assert.equal(before.get(index) ?? place, place);
    // Then there are never more elements than a few views of rows
    assert.ok(places.size <= 40);
    before = places;
  }
});

test("scrolling by less than a few rows renders nothing", () => {
  // Given a frame that is scrolled pixel by pixel over 600 rows
  const views = new Set<number>();
  for (let top = 0; top < 600 * 44; top += 1) views.add(steppedView({ top, height: 600, row: 44 }).top);
  // Then it is rendered once for every six rows
  assert.equal(views.size, 100);
});
