/** Amounts as people type and skim them: estimates, headlines, what somebody typed. */
import { countText, decimalText, moneyText, UFIX64_DIGITS, type Whole } from "../../verify/amounts.ts";

const UFIX64_MAX = 2n ** 64n - 1n;

/** An amount that is an estimate: two decimals, or three digits where it is small; rounded down. `0.00103660` is `0.00103`. */
export function roughMoneyText(ufix64: Whole): string {
  const amount = BigInt(ufix64);
  const digits = amount.toString().length;
  const kept = amount >= 100_000_000n ? 6 : Math.max(digits - 3, 0);
  const unit = 10n ** BigInt(kept);
  return moneyText((amount / unit) * unit);
}

/** A large number in few letters: `1234567` is `1.23M`. It is rounded down, for headlines only. */
export function shortText(count: Whole): string {
  const amount = BigInt(count);
  for (const [digits, letter] of [[9, "B"], [6, "M"], [3, "k"]] as const) {
    const unit = 10n ** BigInt(digits);
    if (amount >= unit * (letter === "k" ? 10n : 1n)) {
      return `${decimalText((amount * 100n) / unit, 2)}${letter}`;
    }
  }
  return countText(amount);
}

/** What somebody typed, as units of 1e-8. Null unless it is a positive amount with at most 8 decimals. */
export function readMoney(text: string): bigint | null {
  const match = /^(\d{1,12})(?:\.(\d{1,8}))?$/.exec(text.trim().replace(/,/g, ""));
  if (match === null) return null;
  const amount = BigInt(match[1]! + (match[2] ?? "").padEnd(UFIX64_DIGITS, "0"));
  return amount > 0n && amount <= UFIX64_MAX ? amount : null;
}

/** Tokens of 1e-8 in dollars of 1e-8, at `rate` dollars of 1e-8 for one token; rounded down. */
export function inDollars(ufix64: Whole, rateUfix64: Whole): bigint {
  return (BigInt(ufix64) * BigInt(rateUfix64)) / 10n ** BigInt(UFIX64_DIGITS);
}
