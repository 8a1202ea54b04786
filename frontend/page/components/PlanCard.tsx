import type { ComponentChildren } from "preact";

import type { Plan, Rate } from "../../api/operations.ts";
import { countText } from "../../verify/amounts.ts";
import { Money } from "./Amount.tsx";
import { inOtherText, unitOf } from "../text/money.ts";
import "./plan-card.css";

interface PlanCardProps {
  readonly plan: Plan;
  readonly symbol: string;
  readonly rate: Rate | null;
  readonly action?: ComponentChildren;
}

/** A plan: its price for each part of the total, and what it wants as a deposit. */
export function PlanCard({ plan, symbol, rate, action }: PlanCardProps) {
  const { currency, tiers: { tiers } } = plan.tariff;
  const unit = unitOf(plan.tariff, symbol);
  return (
    <article class="card plan-card">
      <h3>Plan {plan.plan_id}</h3>
      <p class="soft small">For 1,000 rated tokens, each price for its part of all that you use.</p>
      <dl class="plan-tiers">
        {tiers.map((tier, index) => (
          <div key={tier.end_tokens ?? "rest"}>
            <dt>{nameOf(tiers[index - 1]?.end_tokens ?? null, tier.end_tokens)}</dt>
            <dd>
              <Money ufix64={tier.price_ufix64} unit={unit} />
              <InOther ufix64={tier.price_ufix64} plan={plan} symbol={symbol} rate={rate} />
            </dd>
          </div>
        ))}
      </dl>
      <p class="small">
        Deposit of at least <Money ufix64={plan.minimum_deposit_ufix64} unit={symbol} />, yours until it is used.
        {currency === "USD" && plan.tariff.needs_rate && " Bills in dollars are turned into tokens at the rate of the charge."}
      </p>
      {action}
    </article>
  );
}

function nameOf(begin: string | null, end: string | null): string {
  if (end === null) return begin === null ? "All tokens" : `Above ${countText(begin)}`;
  return begin === null ? `Up to ${countText(end)}` : `${countText(begin)} to ${countText(end)}`;
}

function InOther({ ufix64, plan, symbol, rate }: Omit<PlanCardProps, "action"> & { readonly ufix64: string }) {
  const text = inOtherText(BigInt(ufix64), plan.tariff, rate, symbol);
  return text === null ? null : <span class="faint"> ≈ {text}</span>;
}
