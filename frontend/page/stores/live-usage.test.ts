import assert from "node:assert/strict";
import { test } from "node:test";

import type { LiveMessage } from "../../live/client.ts";
import type { Call, SnapshotMessage } from "../../live/messages.ts";
import { after, CALLS_MAX, NOTHING } from "./live-usage.ts";

let sequence = 0;
function pending(calls: readonly Call[], version: string | null = null): LiveMessage {
  sequence += 1;
  const totals = version === null ? null : { version, counted_microtokens: version, unconfirmed_microtokens: "0" };
  const data = { totals, calls, calls_left_out: "0" };
  return { type: "usage.pending", subscription_id: "7", sequence: `${sequence}`, at: `at ${sequence}`, data };
}

function call(event_id: string, state: Call["state"] = "unconfirmed"): Call {
  return { event_id, model: "gpt-4o", tokens: "10", rated_microtokens: "10000000", state };
}

test("a call that is counted later stays one call in its place", () => {
  let known = after(NOTHING, pending([call("a"), call("b")]));
  known = after(known, pending([call("a", "counted")]));
  assert.deepEqual(known.calls.map((one) => [one.event_id, one.state]), [["b", "unconfirmed"], ["a", "counted"]]);
});

test("a call that was counted does not become unconfirmed again", () => {
  const known = after(after(NOTHING, pending([call("a", "counted")])), pending([call("a")]));
  assert.equal(known.calls[0]?.state, "counted");
});

test("older totals do not replace newer ones", () => {
  const known = after(after(NOTHING, pending([], "10")), pending([], "9"));
  assert.equal(known.totals?.version, "10");
});

/** A snapshot after an epoch was sealed, attested and settled. */
function snapshot(epoch: string): LiveMessage {
  sequence += 1;
  const money = { charged_ufix64: "10", owed_ufix64: "0", currency: "token" } as const;
  const data: SnapshotMessage["data"] = {
    totals: { version: "1", counted_microtokens: "9", unconfirmed_microtokens: "0" },
    balance: { status: "active", balance_ufix64: "90", ...money },
    standing: null,
    sealed: { epoch, sealed_microtokens: "9", statement_hash: "ab" },
    attested: { epoch, attested_microtokens: "8", voting_round: "3" },
    settled: { epoch, settled_microtokens: "7", ...money },
    suspended: [],
  };
  return { type: "snapshot", subscription_id: "7", sequence: `${sequence}`, at: `at ${sequence}`, data };
}

test("a snapshot tells what was sealed, attested and settled while nobody watched, and not when", () => {
  const known = after(after(NOTHING, snapshot("8")), snapshot("9"));
  assert.deepEqual([known.sealed?.epoch, known.attested?.epoch, known.settled?.epoch], ["9", "9", "9"]);
  assert.equal(known.sealed?.at, null);
});

test("what a message has told of an epoch, and when, a later snapshot leaves as it is", () => {
  const data = { epoch: "9", sealed_microtokens: "9", statement_hash: "ab" };
  const sealed: LiveMessage = { type: "usage.sealed", subscription_id: "7", sequence: "1", at: "noon", data };
  assert.equal(after(after(NOTHING, sealed), snapshot("9")).sealed?.at, "noon");
  assert.equal(after(after(NOTHING, sealed), snapshot("8")).sealed?.epoch, "9");
});

test("of many calls the newest are kept", () => {
  let known = NOTHING;
  for (let number = 0; number < CALLS_MAX + 50; number += 1) known = after(known, pending([call(`${number}`)]));
  assert.equal(known.calls.length, CALLS_MAX);
  assert.equal(known.calls[0]?.event_id, `${CALLS_MAX + 49}`);
});
