import assert from "node:assert/strict";
import { test } from "node:test";

import { renderToString } from "preact-render-to-string";

import type { Standing, Subscription } from "../../api/operations.ts";
import { StandingNotice } from "./StandingNotice.tsx";

/** What the notice says, as text. */
function said(standing: Standing | null, change: Partial<Subscription["subscription"]> = {}): string {
  const subscription = {
    status: "active",
    balance_ufix64: "1000000000",
    charged_ufix64: "2400000000",
    owed_ufix64: "0",
    spend_cap: null,
    waits_for: null,
    tariff: { currency: "token" },
    ...change,
  };
  const shown = { subscription, standing } as unknown as Subscription;
  const html = renderToString(<StandingNotice shown={shown} symbol="FLOW" isLinked />);
  return html.replace(/<[^>]+>/g, "");
}

test("where all is well nothing is said", () => {
  assert.equal(said("active"), "");
  assert.equal(said(null), "");
});

test("a spend cap that is reached is what stops calls, though it has left a debt too", () => {
  // Given a cap that left 0.5 FLOW owed
  const spend_cap = { limit_ufix64: "2500000000", period_ends_at: "2099-12-01T00:00:00Z", charged_before_ufix64: "0" };
  const text = said("capped", { spend_cap, owed_ufix64: "50000000" });
  // Then a higher cap is offered, and no top-up, which would change nothing
  assert.match(text, /spend cap is reached.*1\.00 of 25\.00 FLOW are left.*Change the cap/);
  assert.doesNotMatch(text, /[Tt]op up/);
});

test("a debt, an empty deposit and a low one each ask for a top-up", () => {
  assert.match(said("overdrawn", { owed_ufix64: "50000000" }), /0\.50 FLOW is owed.*Top up/);
  assert.match(said("overdrawn"), /used up.*Top up/);
  assert.match(said("warned"), /Little of the deposit is left.*Top up/);
});

test("who is leaving, and who has left, is asked for nothing", () => {
  assert.match(said("warned", { status: "exiting" }), /You are leaving/);
  assert.doesNotMatch(said("overdrawn", { status: "closed" }), /Top up/);
});
