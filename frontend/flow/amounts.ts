/**
 * Amounts of money as whole numbers of 1e-8, which is how Cadence's UFix64 and the API hold them. Never a float.
 */

const UNIT = 100_000_000n;

/** The amount as an argument of a Cadence transaction, with all eight decimals: `12.50000000`. */
export function cadenceAmount(amount: bigint): string {
  return `${amount / UNIT}.${(amount % UNIT).toString().padStart(8, "0")}`;
}

/** The amount as a person reads it: `1,234.5`. Decimals that are zero are left out; `-` is in front of a negative one. */
export function formatAmount(amount: bigint): string {
  const size = amount < 0n ? -amount : amount;
  const whole = (size / UNIT).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  const part = (size % UNIT).toString().padStart(8, "0").replace(/0+$/, "");
  return `${amount < 0n ? "-" : ""}${whole}${part === "" ? "" : `.${part}`}`;
}
