import assert from "node:assert/strict";
import { test } from "node:test";

import type { Deployment, Epoch, State } from "../../../api/operations.ts";
import { wayOf } from "./way.ts";

const DEPLOYMENT = { flow: { token: { symbol: "FLOW" } } } as Deployment;

function epochIn(state: State): Epoch {
  return {
    epoch: "5984400",
    starts_at: "2026-11-24T12:00:00Z",
    ends_at: "2026-11-24T12:05:00Z",
    statement_hash: `0x${"3f".repeat(32)}`,
    state,
    reasons: [],
    lag_seconds: null,
    links: { statement: "s", request: "https://flare/tx/1", finalization: null, delivery: null },
  };
}

function states(state: State): string {
  return wayOf(epochIn(state), null, DEPLOYMENT).map((stage) => stage.state[0]).join("");
}

test("each state of an attestation is one place on the way", () => {
  const ways = { SEALED: "ddcwwww", REQUESTED: "dddcwww", FINALIZED: "dddddcw", PROVEN: "dddddcw", CONFIRMED_ON_FLOW: "ddddddc", SETTLED: "ddddddd" };
  for (const [state, way] of Object.entries(ways)) assert.equal(states(state as State), way, state);
});

test("a statement that a later one proves is left out of Flare's part, and nothing of it is awaited", () => {
  assert.equal(states("SKIPPED"), "ddsssss");
});

test("links lead to the raw documents and to what stands on chain so far", () => {
  const links = wayOf(epochIn("REQUESTED"), null, DEPLOYMENT).flatMap((stage) => stage.links.map(({ href }) => href));
  assert.deepEqual(links, [
    "/v1/statements/0005984400",
    "/v1/statements/0005984400/usage-index",
    "/v1/statements/0005984400/settlement-index",
    "https://flare/tx/1",
    "#/check?epoch=5984400",
  ]);
});

test("an attestation can be read as soon as it is there", () => {
  const has = (state: State) =>
    wayOf(epochIn(state), null, DEPLOYMENT).some((stage) => stage.links.some(({ label }) => label === "Attestation"));
  assert.deepEqual((["FINALIZED", "PROVEN", "SETTLED"] as const).map(has), [false, true, true]);
});
