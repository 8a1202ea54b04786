import assert from "node:assert/strict";
import { test } from "node:test";

import { failureBeforeSending, failureOfNode, failureOnChain } from "./failures.ts";
import { FLOW } from "./testing.ts";

/** What wallets and FCL 1.21.11 reject with, and what kind of failure it is. */
const BEFORE: readonly (readonly [unknown, string])[] = [
  ["Declined: User declined", "declined"],
  [new Error("Declined: No reason supplied."), "declined"],
  ["Declined: Externally Halted", "closed"],
  ["Declined: Aborted", "closed"],
  [new Error("Popup failed to open (was it blocked by a popup blocker?)"), "popup_blocked"],
  [new Error("INVARIANT Attempt at triggering multiple Frames"), "busy"],
  [new TypeError("Failed to fetch"), "no_network"],
  [new Error("Error getting chainId from access node - are you using the correct access node endpoint."), "no_network"],
  [new Error("HTTP Request Error: hostname=https://x\n path=/v1/accounts/01cf0e2f\n statusCode=404"), "wrong_network"],
  [new Error("Please switch network to testnet"), "wrong_network"],
  [new Error("No Authz or PreAuthz Service configured for CURRENT_USER"), "other"],
];

test("what happens before anything is sent is told with that nothing was paid", () => {
  for (const [error, kind] of BEFORE) {
    const failure = failureBeforeSending(error, FLOW);
    assert.equal(failure.kind, kind, String(error));
    assert.match(failure.detail, /Nothing was sent, and nothing was paid\.$/);
  }
});

/** What the contracts and Flow say of a transaction that was undone. */
const ON_CHAIN: readonly (readonly [string, string, RegExp])[] = [
  [
    "[Error Code: 1101] cadence runtime error: error: pre-condition failed: FungibleToken.Vault.withdraw: Cannot withdraw " +
      "tokens! The amount requested to be withdrawn (500.00000000) is greater than the balance of the Vault (10.00000000).",
    "not_enough_flow",
    /holds less FLOW than this takes/,
  ],
  ["[Error Code: 1118] payer 01cf0e2f has insufficient balance", "not_enough_flow", /holds less FLOW/],
  ["[Error Code: 1103] the account with address uses 4000 bytes of storage", "not_enough_flow", /keep a little FLOW/],
  ["[Error Code: 1003] transaction is expired", "expired", /can no longer happen/],
  ["[Error Code: 1007] invalid proposal key", "other", /did not fit any more/],
  [
    "[Error Code: 1101] error: panic: SubscriptionPlans: version 3 of plan 1 is in force, not 2\n --> 01cf:120:12",
    "refused",
    /version 3 of this plan is in force now, not version 2/,
  ],
  [
    "[Error Code: 1101] error: panic: SubscriptionPlans: plan 1 needs a deposit of 5.00000000 or more, not 1.50000000",
    "refused",
    /needs a balance of 5 or more, not 1\.5\./,
  ],
  [
    "[Error Code: 1101] error: assertion failed: SubscriptionCustody: the notice of subscription 7 ends at 1795765863.0",
    "refused",
    /notice is not over yet/,
  ],
  [
    "[Error Code: 1101] error: assertion failed: SubscriptionOwnership.Holder: subscription 7 is not held here",
    "refused",
    /does not own this subscription/,
  ],
  [
    "[Error Code: 1101] error: panic: move_ownership: 0x0000000000000007 has published no holder",
    "refused",
    /does not take subscriptions yet/,
  ],
  ["[Error Code: 1101] error: panic: something that nobody has thought of", "refused", /executed the transaction and undid/],
];

test("what undoes a transaction is told in people's words, and what was said is kept", () => {
  for (const [error, kind, detail] of ON_CHAIN) {
    const failure = failureOnChain(error, FLOW);
    assert.equal(failure.kind, kind, error);
    assert.match(failure.detail, detail);
    assert.ok(failure.whatToDo.length > 0);
  }
  const strange = failureOnChain(ON_CHAIN.at(-1)![0], FLOW);
  assert.equal(strange.said, "something that nobody has thought of");
});

test("only a refusal by the node itself says that nothing was sent", () => {
  const request = `requestBody=${"x".repeat(5_000)}`;
  const refusal = failureOfNode(`HTTP Request Error ${request}\n responseBody=insufficient balance\n statusCode=400`, FLOW);
  assert.equal(refusal?.kind, "not_enough_flow");
  assert.equal(failureOfNode("TypeError: Failed to fetch", FLOW), null);
  assert.equal(failureOfNode("HTTP Request Error statusCode=503", FLOW), null);
});
