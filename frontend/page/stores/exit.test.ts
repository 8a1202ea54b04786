import assert from "node:assert/strict";
import { test } from "node:test";

import type { Chain } from "../../flow/chain.ts";
import type { CadenceValue } from "../../verify/sources/json_cdc.ts";
import { exitOf } from "./exit.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");

function chainTelling(answer: CadenceValue): Chain {
  return { run: async () => answer } as unknown as Chain;
}

test("an exit is told in milliseconds, with how far the clocks are apart", async () => {
  const answer = {
    noticeSeconds: "360000000000",
    graceSeconds: "90000000000",
    exitAt: "179552520000000000",
    possibleAt: "179552610000000000",
    isByProvider: false,
    isClosed: false,
    epochLimit: "18446744073709551615",
    now: `${NOW / 1_000 + 7}00000000`,
  };
  const exit = await exitOf(chainTelling(answer), "7", NOW);
  assert.equal(exit.possibleAt! - exit.exitAt!, 900_000);
  assert.equal(exit.epochLimit, 2n ** 64n - 1n);
  assert.equal(exit.ahead, 7_000);
  assert.equal(exit.readAt, NOW + 7_000);
});

test("what the contract does not have is no exit", async () => {
  await assert.rejects(exitOf(chainTelling(null), "7", NOW), /no subscription 7/);
});
