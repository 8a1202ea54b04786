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
/** A period of a spend cap. */
const PERIOD_MS = 30 * 24 * HOUR_MS;

export type Forecast =
  /** Nothing was used lately. */
  | { readonly name: "unused" }
  /** The rest of the usage is free. */
  | { readonly name: "free" }
  /** A rate of dollars is needed, and none is known. */
  | { readonly name: "unknown" }
  /** `isCap`: the spend cap ends calls before the deposit does, and before its period ends. */
  | { readonly name: "ends"; readonly seconds: number; readonly isCap: boolean };

/** `hours`: usage of the last days. The pace is that since the first hour with usage, at least one hour. */
export function forecast(shown: Subscription, hours: readonly Hour[], now: number): Forecast {
  const used = hours.filter(({ micro }) => micro > 0n);
  const total = used.reduce((sum, { micro }) => sum + micro, 0n);
  if (total === 0n) return { name: "unused" };
  const begin = Math.min(...used.map(({ start }) => Date.parse(start)));
  const pace = { total, seconds: Math.max(now - begin, HOUR_MS) / 1000 };

  const balance = BigInt(shown.subscription.balance_ufix64);
  const byBalance = lasts(shown, balance, pace);
  const cap = capLeft(shown, now);
  if (cap === null || cap >= balance || typeof byBalance === "string") return forecastOf(byBalance, false);
  const byCap = lasts(shown, cap, pace);
  const isCap = typeof byCap === "number" && byCap * 1000 < periodLeft(shown, now);
  return isCap ? forecastOf(byCap, true) : forecastOf(byBalance, false);
}

function forecastOf(lasting: number | "free" | "unknown", isCap: boolean): Forecast {
  return typeof lasting === "number" ? { name: "ends", seconds: lasting, isCap } : { name: lasting };
}

interface Pace {
  /** Rated micro-tokens used in `seconds`. */
  readonly total: bigint;
  readonly seconds: number;
}

/** For how many seconds tokens of 1e-8 pay, when what is metered and not charged is paid first. */
function lasts(shown: Subscription, money: bigint, pace: Pace): number | "free" | "unknown" {
  const { subscription, estimated_charge_ufix64: pending, pending_microtokens: metered, rate } = shown;
  if (pending === null) return "unknown";
  const left = money - BigInt(pending);
  const inCurrency = inCurrencyOf(subscription.tariff, left > 0n ? left : 0n, rate);
  if (inCurrency === null) return "unknown";
  const after = BigInt(subscription.settled_microtokens) + BigInt(metered);
  const affordable = tokensFor(subscription.tariff.tiers.tiers, after, inCurrency);
  return affordable === null ? "free" : (Number((affordable * 1_000n) / pace.total) / 1000) * pace.seconds;
}

/** Milliseconds of the cap's period that are left; a period that is over begins again with the next charge. */
function periodLeft({ subscription: { spend_cap: cap } }: Subscription, now: number): number {
  const left = cap === null ? 0 : Date.parse(cap.period_ends_at) - now;
  return left > 0 ? left : PERIOD_MS;
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
