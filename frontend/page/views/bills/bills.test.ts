import assert from "node:assert/strict";
import { test } from "node:test";

import type { Entry } from "../../../api/operations.ts";
import { addedBy, kindText, monthOfMoney } from "./journal.ts";
import { monthFrom, monthText, monthsUntil, windowOf } from "./months.ts";

const NOW = new Date("2026-11-24T12:00:00Z");

function entry(kind: string, at: string, amount: bigint, microtokens: string | null = null): Entry {
  return {
    subscription_id: "7",
    position: ["1", "0", "0"],
    occurred_at: at,
    transaction_id: "ab".repeat(32),
    kind,
    lines: [
      { account: "subscriber:7", amount_ufix64: amount.toString() },
      { account: "revenue", amount_ufix64: (-amount).toString() },
    ],
    currency: null,
    paid_ufix64: null,
    rate_ufix64: null,
    owed_change_ufix64: null,
    epoch: null,
    settled_microtokens: microtokens,
  };
}

test("a month begins and ends in UTC", () => {
  assert.deepEqual(windowOf("2026-12"), { from: "2026-12-01T00:00:00.000Z", to: "2027-01-01T00:00:00.000Z" });
  assert.deepEqual(monthsUntil(new Date("2026-01-31T23:00:00Z"), 3), ["2026-01", "2025-12", "2025-11"]);
  assert.equal(monthText("2026-11"), "November 2026");
});

test("only a month that has begun is shown", () => {
  assert.equal(monthFrom("2026-02", NOW), "2026-02");
  for (const wrong of [null, "", "2026-12", "2026-13", "last"]) assert.equal(monthFrom(wrong, NOW), "2026-11");
});

test("a month leads from its opening balance to its closing balance", () => {
  // Given a journal of three months, whose entries have led to a balance of 6
  const journal = [
    entry("ToppedUp", "2026-12-02T00:00:00Z", 5n),
    entry("Settled", "2026-11-30T23:59:59Z", -2n, "300"),
    entry("Settled", "2026-11-30T10:00:00Z", -3n, "400"),
    entry("Withdrawn", "2026-11-20T10:00:00Z", -4n),
    entry("SpendCapSet", "2026-11-10T10:00:00Z", 0n),
    entry("Settled", "2026-11-02T10:00:00Z", -1n, "100"),
    entry("ToppedUp", "2026-11-01T00:00:00Z", 3n),
    entry("SubscriptionOpened", "2026-10-31T23:59:59Z", 8n),
  ];
  // When November is added up
  const month = monthOfMoney(journal, 6n, windowOf("2026-11"));
  // Then it begins with 8 and ends with 1
  const { opening, paidIn, charged, returned, closing } = month;
  assert.deepEqual({ opening, paidIn, charged, returned, closing }, { opening: 8n, paidIn: 3n, charged: 6n, returned: 4n, closing: 1n });
  assert.equal(opening + paidIn - charged - returned, closing);
  assert.deepEqual(month.days, [
    { day: "2026-11-30", settlements: 2, microtokens: 700n, charged: 5n },
    { day: "2026-11-02", settlements: 1, microtokens: 100n, charged: 1n },
  ]);
  assert.equal(month.entries.length, 6);
});

test("an entry is told in words, one of a new kind too", () => {
  assert.equal(kindText("ToppedUp"), "Topped up");
  assert.equal(kindText("SomethingNewHappened"), "Something new happened");
  assert.equal(addedBy(entry("Settled", "2026-11-02T10:00:00Z", -1n)), -1n);
});
