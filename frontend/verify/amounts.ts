/**
 * Exact numbers as text. Amounts of money are whole units of 1e-8, usage is in rated micro-tokens; neither ever becomes a
 * floating-point number.
 */
export const UFIX64_DIGITS = 8;
const MICROTOKEN_DIGITS = 6;

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

/** Rated tokens: `"12500000"` is `12.5`. */
export function tokensText(microtokens: Whole): string {
  return decimalText(microtokens, MICROTOKEN_DIGITS);
}

/** A count: `"12345"` is `12,345`. */
export function countText(count: Whole): string {
  return decimalText(count, 0);
}

/** Units of 1e-8 as Cadence writes a UFix64: `150000000n` is `1.50000000`. */
export function cadenceText(ufix64: Whole): string {
  const plain = BigInt(ufix64).toString().padStart(UFIX64_DIGITS + 1, "0");
  return `${plain.slice(0, -UFIX64_DIGITS)}.${plain.slice(-UFIX64_DIGITS)}`;
}

/** An amount of money with all of its decimals and its unit. */
export function exactMoneyText(ufix64: Whole, unit: string): string {
  return `${cadenceText(ufix64)} ${unit}`;
}

/** A number of things: `1 call`, `2 calls`. */
export function countedText(count: bigint | number, what: string): string {
  return `${countText(count)} ${what}${BigInt(count) === 1n ? "" : "s"}`;
}

/** Usage with its unit: `12.5 rated tokens`. */
export function ratedText(microtokens: Whole): string {
  return `${tokensText(microtokens)} rated tokens`;
}
