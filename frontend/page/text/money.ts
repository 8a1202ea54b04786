/** Amounts in the currency that somebody reads prices in: the token of the deposits, or dollars. */
import type { Currency, Rate, Tariff } from "../../api/operations.ts";
import { inDollars, roughMoneyText } from "./amounts.ts";

/**
 * An amount of a tariff's currency in another: 1e-8 dollars for 1e-8 tokens or the other way round, at the last rate that
 * the contract would have used. Null where it needs a rate and none is known.
 */
export function converted(ufix64: bigint, tariff: Pick<Tariff, "currency" | "needs_rate">, to: Currency, rate: Rate | null): bigint | null {
  if (tariff.currency === to) return ufix64;
  // A token that is a dollar by definition.
  if (tariff.currency === "USD" && !tariff.needs_rate) return ufix64;
  if (rate === null || rate.rate_ufix64 === "0") return null;
  return to === "USD" ? inDollars(ufix64, rate.rate_ufix64) : (ufix64 * 100_000_000n) / BigInt(rate.rate_ufix64);
}

/** About how much an amount of a tariff's currency is in the other one, with its unit. Null where no rate is known. */
export function inOtherText(ufix64: bigint, tariff: Pick<Tariff, "currency" | "needs_rate">, rate: Rate | null, symbol: string): string | null {
  const to = tariff.currency === "USD" ? "token" : "USD";
  const amount = converted(ufix64, tariff, to, rate);
  if (amount === null) return null;
  return to === "USD" ? `$${roughMoneyText(amount)}` : `${roughMoneyText(amount)} ${symbol}`;
}

/** The unit of a tariff's prices and debts. */
export function unitOf({ currency }: Pick<Tariff, "currency">, symbol: string): string {
  return currency === "USD" ? "USD" : symbol;
}

/** Tokens in the currency of a tariff's prices. Null where no rate is known. */
export function inCurrencyOf(tariff: Pick<Tariff, "needs_rate">, tokensUfix64: bigint, rate: Rate | null): bigint | null {
  if (!tariff.needs_rate) return tokensUfix64;
  return converted(tokensUfix64, { currency: "token", needs_rate: true }, "USD", rate);
}
