/** What a month of a subscription came to, put together from its journal and its sums. */
import type { Entry, Subscription } from "../../../api/operations.ts";
import { after, collected, type Collected, type Part } from "../../stores/pages.ts";
import { call } from "../../stores/server.ts";
import { sumsOf, type Sum } from "../../stores/sums.ts";
import { monthOfMoney, type MonthOfMoney } from "./journal.ts";
import { windowOf } from "./months.ts";

export interface Bill {
  readonly money: MonthOfMoney;
  readonly byModel: readonly Sum[];
  readonly byKey: readonly Sum[];
  readonly isCut: boolean;
}

/** Parts of the journal that are read for one month. */
const PARTS_MAX = 100;

/** Sums up to now, where the month is not over. */
export async function billOf({ subscription }: Subscription, month: string): Promise<Bill> {
  const { subscription_id: id } = subscription;
  const window = windowOf(month);
  const now = new Date().toISOString();
  const used = { from: window.from, to: window.to < now ? window.to : now };
  const [journal, models, keys] = await Promise.all([
    journalBackTo(id, window.from),
    sumsOf(id, { by: ["model"], ...used }),
    sumsOf(id, { by: ["key"], ...used }),
  ]);
  return {
    money: monthOfMoney(journal.items, BigInt(subscription.balance_ufix64), window),
    byModel: models.items,
    byKey: keys.items,
    isCut: journal.isCut || models.isCut || keys.isCut,
  };
}

/** The entries since a time, the newest first, and perhaps some before. */
function journalBackTo(id: string, from: string): Promise<Collected<Entry>> {
  const isBefore = (entry: Entry | undefined) => entry !== undefined && Date.parse(entry.occurred_at) < Date.parse(from);
  return collected((cursor) => journalFrom(id, cursor), PARTS_MAX, (entries) => isBefore(entries.at(-1)));
}

/** A part of a subscription's journal, the newest entries first. */
export function journalFrom(id: string, cursor: string | null): Promise<Part<Entry>> {
  const path = { subscription_id: id };
  return call("GET /v1/subscriptions/{subscription_id}/journal", { path, query: after(cursor) });
}
