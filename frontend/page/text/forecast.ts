/** When a deposit ends, if usage goes on as it did. */
import type { Subscription } from "../../api/operations.ts";
import { inCurrencyOf } from "./money.ts";
import { tokensFor } from "./tariff.ts";

/** Usage of some hours: when each began, and its rated micro-tokens. */
export interface Hour {
  readonly start: string;
  readonly micro: bigint;
}

const HOUR_MS = 3_600_000;

export type Forecast =
  /** Nothing was used lately, or the rest is free. */
  | { readonly name: "no_end" }
  /** A rate of dollars is needed, and none is known. */
  | { readonly name: "unknown" }
  /** `isCap`: the spend cap ends calls before the deposit does. */
  | { readonly name: "ends"; readonly seconds: number; readonly isCap: boolean };

/** `hours`: usage of the last days. The pace is that since the first hour with usage, at least one hour. */
export function forecast(shown: Subscription, hours: readonly Hour[], now: number): Forecast {
  const used = hours.filter(({ micro }) => micro > 0n);
  const total = used.reduce((sum, { micro }) => sum + micro, 0n);
  if (total === 0n) return { name: "no_end" };
  const begin = Math.min(...used.map(({ start }) => Date.parse(start)));
  const seconds = Math.max(now - begin, HOUR_MS) / 1000;

  const left = spendable(shown, now);
  if (left === null) return { name: "unknown" };
  const affordable = affordableWith(shown, left.money);
  if (affordable === "unknown") return { name: "unknown" };
  if (affordable === null) return { name: "no_end" };
  return { name: "ends", seconds: Number((affordable * 1_000n) / total) / 1000 * seconds, isCap: left.isCap };
}

/** What may still be charged, in 1e-8 tokens, less what is metered and not charged. Null where that is not known. */
function spendable(shown: Subscription, now: number): { readonly money: bigint; readonly isCap: boolean } | null {
  const { subscription, estimated_charge_ufix64: pending } = shown;
  if (pending === null) return null;
  const balance = BigInt(subscription.balance_ufix64);
  const cap = subscription.spend_cap === null ? null : capLeft(shown, now);
  const isCap = cap !== null && cap < balance;
  const money = (isCap ? cap : balance) - BigInt(pending);
  return { money: money > 0n ? money : 0n, isCap };
}

/** What the spend cap still lets be charged in its period. */
export function capLeft({ subscription }: Subscription, now: number): bigint | null {
  const cap = subscription.spend_cap;
  if (cap === null) return null;
  const isRunning = Date.parse(cap.period_ends_at) > now;
  const charged = isRunning ? BigInt(subscription.charged_ufix64) - BigInt(cap.charged_before_ufix64) : 0n;
  const left = BigInt(cap.limit_ufix64) - charged;
  return left > 0n ? left : 0n;
}

function affordableWith(shown: Subscription, money: bigint): bigint | null | "unknown" {
  const { tariff, settled_microtokens: settled } = shown.subscription;
  const inCurrency = inCurrencyOf(tariff, money, shown.rate);
  if (inCurrency === null) return "unknown";
  const after = BigInt(settled) + BigInt(shown.pending_microtokens);
  return tokensFor(tariff.tiers.tiers, after, inCurrency);
}
