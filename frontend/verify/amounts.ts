/**
 * Amounts as people read them.
 */
const UNITS = 10n ** 8n;
const MICROTOKENS_PER_TOKEN = 1_000_000n;

/** An amount in 1e-8 with all of its decimals. */
export function money(amount: bigint, unit: string): string {
  return `${amount / UNITS}.${String(amount % UNITS).padStart(8, "0")} ${unit}`;
}

/** A number with commas between thousands. */
export function grouped(number: bigint | number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** A number of things: `1 call`, `2 calls`. */
export function counted(count: bigint | number, what: string): string {
  return `${grouped(count)} ${what}${BigInt(count) === 1n ? "" : "s"}`;
}

/** Rated micro-tokens as rated tokens. */
export function rated(microtokens: bigint): string {
  const decimals = String(microtokens % MICROTOKENS_PER_TOKEN).padStart(6, "0").replace(/0+$/, "");
  return `${grouped(microtokens / MICROTOKENS_PER_TOKEN)}${decimals && `.${decimals}`} rated tokens`;
}
