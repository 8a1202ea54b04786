/** Usage that the API has summed, put together from its parts. */
import type { Dimension, Group, GroupedUsage, Usage } from "../../api/operations.ts";
import { after, collected } from "./pages.ts";
import { call } from "./server.ts";

/** Sums of one group; usage is in rated micro-tokens, `costNanousd` in 1e-9 dollars. */
export interface Sum {
  readonly group: Group;
  readonly pending: bigint;
  readonly sealed: bigint;
  readonly settled: bigint;
  readonly total: bigint;
  readonly requests: bigint;
  readonly promptTokens: bigint;
  readonly completionTokens: bigint;
}

export interface Sums {
  readonly items: readonly Sum[];
  /** Whether the window has more usage than was asked for. */
  readonly isCut: boolean;
}

export interface SumWindow {
  readonly by: readonly Dimension[];
  readonly from: string;
  readonly to: string;
}

const DAY_MS = 86_400_000;

/** The last days, with what begins while one looks. */
export function lastDays(days: number): Pick<SumWindow, "from" | "to"> {
  const now = Date.now();
  return { from: new Date(now - days * DAY_MS).toISOString(), to: new Date(now + DAY_MS).toISOString() };
}

/** A part has thousands of calls, so this is more than most subscriptions ever make in a month. */
const PARTS_MAX = 60;

/** Sums the usage of a subscription in a window of time. */
export async function sumsOf(subscriptionId: string, { by, from, to }: SumWindow): Promise<Sums> {
  const path = { subscription_id: subscriptionId };
  const { items, isCut } = await collected(
    (cursor) => call("GET /v1/subscriptions/{subscription_id}/usage", { path, query: { by, from, to, ...after(cursor) } }),
    PARTS_MAX,
  );
  return { items: together(items), isCut };
}

/** One sum for each group: a group may be in several parts. */
export function together(found: readonly GroupedUsage[]): readonly Sum[] {
  const sums = new Map<string, Sum>();
  for (const { group, pending, sealed, settled } of found) {
    const name = JSON.stringify([group.key_hash, group.model, group.start]);
    const before = sums.get(name) ?? NOTHING;
    const all = (field: keyof Usage) => [pending, sealed, settled].reduce((sum, usage) => sum + BigInt(usage[field]), 0n);
    sums.set(name, {
      group,
      pending: before.pending + BigInt(pending.rated_microtokens),
      sealed: before.sealed + BigInt(sealed.rated_microtokens),
      settled: before.settled + BigInt(settled.rated_microtokens),
      total: before.total + all("rated_microtokens"),
      requests: before.requests + all("requests"),
      promptTokens: before.promptTokens + all("prompt_tokens"),
      completionTokens: before.completionTokens + all("completion_tokens"),
    });
  }
  return [...sums.values()].sort((one, other) => (one.total < other.total ? 1 : one.total > other.total ? -1 : 0));
}

const NOTHING = {
  pending: 0n,
  sealed: 0n,
  settled: 0n,
  total: 0n,
  requests: 0n,
  promptTokens: 0n,
  completionTokens: 0n,
};
