import assert from "node:assert/strict";
import { test } from "node:test";

import { matches, spellings } from "./model_names.ts";
import { parsePriceBook, priceOf, rate, type Used } from "./price_book.ts";

/** The example of docs/price-book.md in its one form, and a weight that no floating-point number holds. */
const TEXT = [
  '{"default":{"completion":1000000,"nanousd":1000,"prompt":1000000},"models":{"claude-sonnet-4-5":{"cache_read":300000,',
  '"cache_write":3750000,"completion":15000000,"long":[{"above":200000,"cache_read":600000,"completion":22500000,',
  '"prompt":6000000}],"prompt":3000000},"dear":{"completion":0,"prompt":9007199254740993},"gpt-4o":{"cache_read":1250000,',
  '"completion":10000000,"prompt":2500000},"whisper-1":{"nanousd":1000,"second":100000000}},"patterns":[{"match":"ollama/*",',
  '"price":{"completion":100000,"prompt":100000}}],"title":"what a person should know of it","version":3}',
].join("");
const BOOK = parsePriceBook(TEXT);

function weighs(model: string, used: Partial<Used>, baseModel: string | null = null): bigint | null {
  const whole = { tokens: {}, units: {}, costNanousd: 0n, ...used };
  return rate(priceOf(BOOK, model, baseModel), whole);
}

test("amounts are weighed by kind; a kind without a weight weighs as text", () => {
  const tokens = { prompt: 10n, cache_read: 4n, completion: 2n, reasoning: 3n };
  assert.equal(weighs("gpt-4o", { tokens }), 10n * 2_500_000n + 4n * 1_250_000n + 5n * 10_000_000n);
});

test("a longer input has other weights for all tokens of the call", () => {
  const tokens = { prompt: 200_000n, cache_read: 1n };
  assert.equal(weighs("claude-sonnet-4-5", { tokens }), 200_000n * 6_000_000n + 600_000n);
  assert.equal(weighs("claude-sonnet-4-5", { tokens: { prompt: 200_000n } }), 200_000n * 3_000_000n);
});

test("parts of a second are dropped, and the cost counts where it is more", () => {
  assert.equal(weighs("whisper-1", { units: { milliseconds: 1_999n } }), 199_900_000n);
  assert.equal(weighs("whisper-1", { units: { milliseconds: 1_999n }, costNanousd: 1_000_000n }), 1_000_000_000n);
});

test("weights above 2^53 are exact", () => {
  assert.equal(weighs("dear", { tokens: { prompt: 1n } }), 9_007_199_254_740_993n);
});

test("what has no price is not free", () => {
  assert.equal(weighs("whisper-1", { tokens: { prompt: 5n } }), null);
  assert.equal(weighs("whisper-1", {}), 0n);
});

test("a model is found by its name, its deployment's, a spelling, a pattern, or the default", () => {
  const price = (model: string, base: string | null = null) => priceOf(BOOK, model, base);
  assert.equal(price("GPT-4o"), BOOK.models.get("gpt-4o"));
  assert.equal(price("mine", "azure/eu/gpt-4o-2024-08-06"), BOOK.models.get("gpt-4o"));
  assert.equal(price("ollama/llama3"), BOOK.patterns[0]?.price);
  assert.equal(price("gpt-4o-mini"), BOOK.default);
});

test("spellings take away providers, versions and dates, and nothing else", () => {
  const bedrock = "bedrock/us.anthropic.claude-3-5-sonnet-20240620-v1:0";
  assert.equal(spellings(bedrock).at(-1), "claude-3-5-sonnet");
  assert.deepEqual(spellings("1024-x-1024/dall-e-2"), ["1024-x-1024/dall-e-2"]);
  assert.deepEqual(spellings("gpt-4.1"), ["gpt-4.1"]);
});

test("spaces around a name are those of Python", () => {
  assert.deepEqual(spellings("\u001c GPT-4o\u0085"), ["gpt-4o"]);
  assert.deepEqual(spellings("\ufeffgpt-4o"), ["\ufeffgpt-4o"]);
});

test("a pattern with many stars ends soon", () => {
  assert.equal(matches("a".repeat(1_000), `${"*a".repeat(400)}b`), false);
  assert.equal(matches("gpt-4o-audio", "gpt-[0-9]?-*"), true);
  assert.equal(matches("gpt-xo-audio", "gpt-[!x]*"), false);
});

test("a book of another form is refused", () => {
  const changes: readonly (readonly [string | RegExp, string])[] = [
    [/$/, " "],
    ['"version":3', '"version":3.0'],
    ['"version":3', '"version":"3"'],
    ['"version":3', '"version":0'],
    ['"version":3', '"version":3,"version":3'],
    ['"version":3', '"version":3,"x":1'],
    ['"title":', '"name":'],
    [":9007199254740993", ":09007199254740993"],
    [":9007199254740993", ":-1"],
    ['"completion":0,', ""],
    ['"completion":0,', '"completion":null,'],
    ['"prompt":2500000', '"prompt":2500000,"request":0'],
    ['"prompt":2500000', '"long":[],"prompt":2500000'],
    ['"prompt":6000000', '"prompt":1'],
    ["gpt-4o", "GPT-4o"],
    ["gpt-4o", "gpt 4o"],
    ["ollama/*", ""],
  ];
  for (const [old, other] of changes) {
    assert.notEqual(TEXT.replace(old, other), TEXT, other);
    assert.throws(() => parsePriceBook(TEXT.replace(old, other)), Error, other);
  }
});

test("a title may have any word", () => {
  assert.equal(parsePriceBook(TEXT.replace("a person", "whole number")).version, 3n);
});
