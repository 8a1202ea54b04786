/** What plans cost: graduated prices of 1e-8 for 1,000 rated tokens, each for its part of the cumulative total. */
import type { Plan, Tariff } from "../../api/operations.ts";

type Tiers = Tariff["tiers"]["tiers"];

const MICRO = 1_000_000n;
const MICRO_PER_PRICE = 1_000n * MICRO;

/** The newest version in force of each plan that can still be chosen, by the plan's number. */
export function plansOnOffer(plans: readonly Plan[], now: number): readonly Plan[] {
  const newest = new Map<string, Plan>();
  for (const plan of plans) {
    const before = newest.get(plan.plan_id);
    if (Date.parse(plan.effective_at) > now) continue;
    if (before === undefined || BigInt(plan.plan_version) > BigInt(before.plan_version)) newest.set(plan.plan_id, plan);
  }
  return [...newest.values()]
    .filter((plan) => !plan.is_retired)
    .sort((one, other) => Number(BigInt(one.plan_id) - BigInt(other.plan_id)));
}

/** What a million tokens of a kind cost, in 1e-8 of the plan's currency, while the price is `priceUfix64`. */
export function perMillion(weight: number, priceUfix64: string): bigint {
  return (BigInt(weight) * BigInt(priceUfix64)) / 1_000n;
}

/** What `micro` rated micro-tokens more cost, in 1e-8, after a total of `after`; rounded down. */
export function priceOf(tiers: Tiers, after: bigint, micro: bigint): bigint {
  return exactPrice(tiers, after, micro) / MICRO_PER_PRICE;
}

function exactPrice(tiers: Tiers, after: bigint, micro: bigint): bigint {
  let price = 0n;
  for (const part of parts(tiers, after)) {
    const used = part.length === null || micro < part.length ? micro : part.length;
    price += used * part.price;
    micro -= used;
    if (micro === 0n) break;
  }
  return price;
}

/** How many rated micro-tokens more `money` pays for, in 1e-8, after a total of `after`. Null: the rest is free. */
export function tokensFor(tiers: Tiers, after: bigint, money: bigint): bigint | null {
  let rest = money * MICRO_PER_PRICE;
  let micro = 0n;
  for (const part of parts(tiers, after)) {
    if (part.price === 0n) {
      if (part.length === null) return null;
      micro += part.length;
      continue;
    }
    const affordable = rest / part.price;
    if (part.length === null || affordable < part.length) return micro + affordable;
    micro += part.length;
    rest -= part.length * part.price;
  }
  return micro;
}

/** The tiers that are left after a total, each with its length in micro-tokens; null is without end. */
function* parts(tiers: Tiers, after: bigint): Generator<{ readonly length: bigint | null; readonly price: bigint }> {
  let begin = after;
  for (const tier of tiers) {
    const end = tier.end_tokens === null ? null : BigInt(tier.end_tokens) * MICRO;
    if (end !== null && end <= begin) continue;
    yield { length: end === null ? null : end - begin, price: BigInt(tier.price_ufix64) };
    if (end === null) return;
    begin = end;
  }
}
