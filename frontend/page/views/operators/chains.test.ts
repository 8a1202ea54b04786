import assert from "node:assert/strict";
import { test } from "node:test";

import { coinOf, isSigned, weiText } from "./chains.ts";

test("wei are rounded down to four decimals of a coin", () => {
  assert.equal(weiText("1500000000000000000"), "1.50");
  assert.equal(weiText("1234599999999999999999"), "1,234.5999");
  assert.equal(weiText("99999999999999"), "0.00");
});

test("the coin has the name that it has on its network", () => {
  assert.deepEqual((["flare", "coston2", "local"] as const).map(coinOf), ["FLR", "C2FLR", "FLR"]);
});

test("a policy is signed by more than the threshold, not by as much", () => {
  assert.equal(isSigned({ signed_weight: "300", needed_weight: "300" }), false);
  assert.equal(isSigned({ signed_weight: "301", needed_weight: "300" }), true);
});
