import assert from "node:assert/strict";
import { test } from "node:test";

import type { CadenceValue, Chain } from "../../flow/chain.ts";
import { exitOf } from "./exit.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");

function chainTelling(answer: CadenceValue): Chain {
  return { run: async () => answer } as unknown as Chain;
}

test("an exit is told in milliseconds, with how far the clocks are apart", async () => {
  const answer = {
    noticeSeconds: "3600.00000000",
    graceSeconds: "900.00000000",
    exitAt: "1795525200.00000000",
    possibleAt: "1795526100.00000000",
    isByProvider: false,
    isClosed: false,
    epochLimit: "184467440737.09551615",
    now: `${NOW / 1_000 + 7}.00000000`,
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
