/** What models bring and cost, in 1e-9 dollars. */
import type { Margin } from "../../../api/operations.ts";
import { decimalText, type Whole } from "../../../verify/amounts.ts";

const NANO_DIGITS = 9;
const DAY_MS = 86_400_000;

/** Days for which margins are told. */
export const DAYS = 40;

export interface Sums {
  readonly calls: bigint;
  readonly revenue: bigint;
  readonly cost: bigint;
  readonly margin: bigint;
}

export function sumsOf(models: readonly Margin[]): Sums {
  const sum = (of: (one: Margin) => string) => models.reduce((total, one) => total + BigInt(of(one)), 0n);
  return {
    calls: sum(({ calls }) => calls),
    revenue: sum(({ revenue_nanousd: value }) => value),
    cost: sum(({ cost_nanousd: value }) => value),
    margin: sum(({ margin_nanousd: value }) => value),
  };
}

/** `"1500000"` is `$0.0015`. */
export function nanoText(nanousd: Whole): string {
  const text = decimalText(nanousd, NANO_DIGITS, 2);
  return text.startsWith("−") ? `−$${text.slice(1)}` : `$${text}`;
}

/** A margin as a part of what was brought: `25 %`. Null where nothing was. */
export function shareText(margin: Whole, revenue: Whole): string | null {
  const whole = BigInt(revenue);
  if (whole === 0n) return null;
  const permille = (BigInt(margin) * 1_000n) / whole;
  return `${decimalText(permille, 1)} %`;
}

/** The last days of UTC, newest first: `2026-11-24`. */
export function daysUntil(now: number): readonly string[] {
  return Array.from({ length: DAYS }, (_, back) => new Date(now - back * DAY_MS).toISOString().slice(0, 10));
}
