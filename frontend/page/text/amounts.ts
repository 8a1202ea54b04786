/**
 * Exact numbers as text. Amounts of money are whole units of 1e-8, usage is in rated micro-tokens; both come as decimal
 * text and never become a floating-point number.
 */

const UFIX64_DIGITS = 8;
const MICROTOKEN_DIGITS = 6;
const UFIX64_MAX = 2n ** 64n - 1n;

export type Whole = string | bigint | number;

/** `1234567n` with 3 digits is `1,234.567`; zeros at the end go, down to `least` decimals. */
export function decimalText(value: Whole, digits: number, least = 0): string {
  const amount = BigInt(value);
  const plain = (amount < 0n ? -amount : amount).toString().padStart(digits + 1, "0");
  const whole = plain.slice(0, plain.length - digits).replace(/\B(?=(\d{3})+$)/g, ",");
  const fraction = plain.slice(plain.length - digits).replace(/0+$/, "").padEnd(Math.min(least, digits), "0");
  return `${amount < 0n ? "−" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** An amount of money: `"150000000"` is `1.50`. */
export function moneyText(ufix64: Whole): string {
  return decimalText(ufix64, UFIX64_DIGITS, 2);
}

/** An amount that is an estimate: two decimals, or three digits where it is small; rounded down. `0.00103660` is `0.00103`. */
export function roughMoneyText(ufix64: Whole): string {
  const amount = BigInt(ufix64);
  const digits = amount.toString().length;
  const kept = amount >= 100_000_000n ? 6 : Math.max(digits - 3, 0);
  const unit = 10n ** BigInt(kept);
  return moneyText((amount / unit) * unit);
}

/** Rated tokens: `"12500000"` is `12.5`. */
export function tokensText(microtokens: Whole): string {
  return decimalText(microtokens, MICROTOKEN_DIGITS);
}

/** A count: `"12345"` is `12,345`. */
export function countText(count: Whole): string {
  return decimalText(count, 0);
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

/** Units of 1e-8 as Cadence writes a UFix64: `150000000n` is `1.50000000`. */
export function cadenceText(ufix64: Whole): string {
  const plain = BigInt(ufix64).toString().padStart(UFIX64_DIGITS + 1, "0");
  return `${plain.slice(0, -UFIX64_DIGITS)}.${plain.slice(-UFIX64_DIGITS)}`;
}

/** Tokens of 1e-8 in dollars of 1e-8, at `rate` dollars of 1e-8 for one token; rounded down. */
export function inDollars(ufix64: Whole, rateUfix64: Whole): bigint {
  return (BigInt(ufix64) * BigInt(rateUfix64)) / 10n ** BigInt(UFIX64_DIGITS);
}
