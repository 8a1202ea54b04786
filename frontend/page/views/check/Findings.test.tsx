import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { renderToString } from "preact-render-to-string";

import { parseBundle } from "../../../verify/bundle.ts";
import { believed, check } from "../../../verify/check.ts";
import { Findings } from "./Findings.tsx";
import type { Progress } from "./run.ts";

function shown(name: string, more: Partial<Progress> = {}): string {
  const text = readFileSync(`../tests/vectors/bundles/${name}`, "utf8");
  const bundle = parseBundle(text);
  const found = [...check(bundle)];
  const whole = { doing: null, found, believed: believed(bundle), unreached: [], bundle, text, failure: null, ...more };
  return renderToString(<Findings progress={whole} command={null} />);
}

test("what differs is named first, and its step is marked in words", () => {
  const html = shown("lie-one-token-more.json");
  assert.match(html, /Something differs/);
  assert.match(html, /The first that differs: Each call weighs what the price book says/);
  assert.match(html, /: differs/);
});

test("a good bundle fits, and what has to be believed is listed all the same", () => {
  const html = shown("good-token.json");
  assert.match(html, /Everything fits/);
  assert.match(html, /21 of 21 steps verified/);
  assert.match(html, /the operator&#39;s meter counted right|the operator's meter counted right/);
  assert.match(html, /It contains your single calls/);
});

test("what could not be reached is told", () => {
  const html = shown("good-public.json", { unreached: ["Flow: the node of Flow gave no answer"] });
  assert.match(html, /What could not be reached from this browser/);
  assert.match(html, /gave no answer/);
});

test("while it runs, nothing is said of the outcome", () => {
  const html = shown("good-public.json", { doing: "Comparing" });
  assert.match(html, /Checking…/);
  assert.doesNotMatch(html, /Everything fits|Download the bundle/);
});
