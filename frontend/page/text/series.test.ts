import assert from "node:assert/strict";
import { test } from "node:test";

import { OTHERS, seriesOf, spansOf } from "./series.ts";

const NOW = Date.parse("2026-11-24T12:34:56Z");
const point = (start: string, name: string, tokens: number) => ({ start, name, micro: BigInt(tokens) * 1_000_000n });

test("a day has 24 hours, of which the last has begun", () => {
  const spans = spansOf("hour", 1, NOW);
  assert.equal(spans.length, 24);
  assert.equal(new Date(spans.at(-1)! * 1000).toISOString(), "2026-11-24T12:00:00.000Z");
});

test("a span without usage has 0, and the largest name is first", () => {
  const spans = spansOf("day", 3, NOW);
  const series = seriesOf(spans, [
    point("2026-11-22T00:00:00.000000Z", "small", 1),
    point("2026-11-24T00:00:00.000000Z", "large", 5),
    point("2026-11-24T00:00:00.000000Z", "small", 2),
  ]);
  assert.deepEqual(series, [
    { label: "large", values: [0, 0, 5] },
    { label: "small", values: [1, 0, 2] },
  ]);
});

test("of many names five have their own series", () => {
  const points = Array.from({ length: 9 }, (_, index) => point("2026-11-24T00:00:00Z", `model ${index}`, index + 1));
  const series = seriesOf(spansOf("day", 1, NOW), points);
  assert.deepEqual(series.map(({ label }) => label), ["model 8", "model 7", "model 6", "model 5", "model 4", OTHERS]);
  assert.deepEqual(series.at(-1)?.values, [1 + 2 + 3 + 4]);
});
