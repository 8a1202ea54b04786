/**
 * What usage costs (docs/pricing.md), as the contracts on Flow compute it. Amounts are in 1e-8. All rounding favours the
 * customer: the tokens of a bill are rounded down, and of a bill that is paid in part the dollars that are paid are
 * rounded up.
 */
const MICROTOKENS_PER_TOKEN = 1_000_000n;
const PRICED_MICROTOKENS = 1_000n * MICROTOKENS_PER_TOKEN;
const UNITS = 10n ** 8n;
const UFIX64_MAX = 2n ** 64n - 1n;

/** A price for 1,000 rated tokens, for the part of a total below `end_tokens`; null means no end. */
export interface Tier {
  readonly end_tokens: bigint | null;
  readonly price_ufix64: bigint;
}

/** What a charge does: what was taken in tokens, and what stays due in the plan's currency. */
export interface Made {
  readonly charged: bigint;
  readonly owed: bigint;
}

/** What a total of rated micro-tokens costs, in 1e-17 of the plan's currency. Throws for tiers out of order. */
export function exactCost(totalMicrotokens: bigint, tiers: readonly Tier[]): bigint {
  requireRising(tiers);
  let [start, cost] = [0n, 0n];
  for (const { end_tokens, price_ufix64 } of tiers) {
    const end = end_tokens === null ? totalMicrotokens : end_tokens * MICROTOKENS_PER_TOKEN;
    const portion = least(totalMicrotokens, end) - start;
    if (portion <= 0n) break;
    cost += portion * price_ufix64;
    start = end;
  }
  return cost;
}

function requireRising(tiers: readonly Tier[]): void {
  let before = 0n;
  for (const [place, { end_tokens }] of tiers.entries()) {
    const isLast = place === tiers.length - 1;
    if ((end_tokens === null) !== isLast || (end_tokens !== null && end_tokens <= before)) {
      throw new Error("tiers need rising ends, and a last one without end");
    }
    before = end_tokens ?? before;
  }
}

/** A cost in 1e-17 as money in 1e-8, rounded down; a cost below zero is nothing. */
export function rounded(cost: bigint): bigint {
  return cost > 0n ? cost / PRICED_MICROTOKENS : 0n;
}

/** Charge up to `allowed` tokens of what is due. A rate is in 1e-8 dollars for one token; null: due in the token. */
export function chargeOf(due: bigint, allowed: bigint, rate: bigint | null): Made {
  const price = tokensOf(due, rate);
  const charged = least(price, allowed);
  if (charged === price) return { charged, owed: 0n };
  if (rate === null) return { charged, owed: due - charged };
  if (charged === 0n) return { charged, owed: due };
  const worth = least(UFIX64_MAX, least(UFIX64_MAX, (charged * rate) / UNITS) + 1n);
  return { charged, owed: due > worth ? due - worth : 0n };
}

/** An amount in the plan's currency as tokens, rounded down; UFIX64_MAX where it is more than that. */
function tokensOf(amount: bigint, rate: bigint | null): bigint {
  if (rate === null) return amount;
  const representable = least(UFIX64_MAX, (UFIX64_MAX * rate) / UNITS);
  return amount <= representable ? (amount * UNITS) / rate : UFIX64_MAX;
}

function least(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}
