import assert from "node:assert/strict";
import { test } from "node:test";

import type { State } from "../../../api/operations.ts";
import { endOf, heldUp } from "./pipeline.ts";

const epoch = (number: string, state: State, reasons: readonly string[] = []) => ({
  epoch: number,
  state,
  reasons,
  ends_at: `2026-11-24T12:${number.padStart(2, "0")}:00Z`,
});

test("the newest epoch that is attested or settled says up to when all usage is", () => {
  const epochs = [epoch("12", "REQUESTED"), epoch("9", "SETTLED"), epoch("10", "SKIPPED"), epoch("11", "CONFIRMED_ON_FLOW")];
  assert.equal(endOf(epochs, "attested"), "2026-11-24T12:11:00Z");
  assert.equal(endOf(epochs, "settled"), "2026-11-24T12:09:00Z");
  assert.equal(endOf([epoch("1", "SEALED")], "attested"), null);
});

test("an epoch is held up by what went wrong last, until it is settled or skipped", () => {
  const epochs = [epoch("3", "SEALED", ["old", "new"]), epoch("2", "SETTLED", ["old"]), epoch("1", "SKIPPED", ["old"]), epoch("4", "PROVEN")];
  assert.deepEqual(heldUp(epochs), [{ epoch: "3", reason: "new" }]);
});
