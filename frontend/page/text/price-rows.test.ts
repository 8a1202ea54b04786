import assert from "node:assert/strict";
import { test } from "node:test";

import { found, priceRows } from "./price-rows.ts";

const BOOK = {
  version: 3,
  title: "for tests",
  models: {
    "claude-sonnet-4-5": {
      prompt: 3_000_000,
      completion: 15_000_000,
      long: [{ above: 200_000, prompt: 6_000_000, completion: 22_500_000 }],
    },
    "gpt-4o": { prompt: 2_500_000, cache_read: 1_250_000, completion: 10_000_000 },
    "whisper-1": { second: 100_000_000, nanousd: 1_000 },
  },
  patterns: [{ match: "ollama/*", price: { prompt: 100_000, completion: 100_000 } }],
  default: { prompt: 1_000_000, completion: 1_000_000, nanousd: 1_000 },
};

test("each model has a row, long inputs have their own, and the rest comes last", () => {
  const rows = priceRows({ ...BOOK, models: { "azure/gpt-4o": { prompt: 1 }, ...BOOK.models } });
  assert.deepEqual(rows.map((row) => row.key), [
    "claude-sonnet-4-5",
    "claude-sonnet-4-5, input above 200,000 tokens",
    "gpt-4o",
    "azure/gpt-4o",
    "whisper-1",
    "ollama/*",
    "Every other model",
  ]);
});

test("a kind without a weight weighs as input or as output", () => {
  const row = priceRows(BOOK).find(({ model }) => model === "gpt-4o")!;
  assert.deepEqual(row.weights, {
    prompt: 2_500_000,
    cache_read: 1_250_000,
    cache_write: 2_500_000,
    completion: 10_000_000,
    reasoning: 10_000_000,
  });
});

test("what is not paid by tokens has no price of tokens", () => {
  const row = priceRows(BOOK).find(({ model }) => model === "whisper-1")!;
  assert.equal(row.weights.prompt, null);
  assert.deepEqual(row.others(), [{ of: "a second of sound", weight: 100_000_000 }]);
  assert.equal(row.dollarWeight, 1e12);
});

test("a search finds names that have all its words", () => {
  const rows = priceRows(BOOK);
  assert.deepEqual(found(rows, "Sonnet claude").map((row) => row.only), [null, "input above 200,000 tokens"]);
  assert.equal(found(rows, "  ").length, rows.length);
  assert.equal(found(rows, "gemini").length, 0);
});
