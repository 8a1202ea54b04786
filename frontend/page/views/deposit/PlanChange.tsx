import type { Plan, Plans, Rate, Subscription, Tariff, Tier } from "../../../api/operations.ts";
import { changePlan } from "../../../flow/transactions.ts";
import { countText, moneyText } from "../../../verify/amounts.ts";
import { Action } from "../../components/Action.tsx";
import { Badge } from "../../components/Badge.tsx";
import { Button } from "../../components/Button.tsx";
import { Notice } from "../../components/states.tsx";
import { now } from "../../stores/clock.ts";
import { shortText } from "../../text/amounts.ts";
import { inOtherText, unitOf } from "../../text/money.ts";
import { plansOnOffer, priceOf } from "../../text/tariff.ts";
import { momentText } from "../../text/time.ts";

interface PlanChangeProps {
  readonly subscription: Subscription;
  readonly plans: Plans;
}

/** One million rated tokens, by which plans are compared. */
const COMPARED = 1_000_000n * 1_000_000n;

export function PlanChange({ subscription, plans }: PlanChangeProps) {
  const { subscription_id: id, plan_id: planId, plan_version: version, tariff, balance_ufix64, next_plan: next } =
    subscription.subscription;
  const symbol = plans.token_symbol;
  const offered = plansOnOffer(plans.plans, now.peek());
  const isPresent = (plan: Plan) => plan.plan_id === planId && plan.plan_version === version;
  const others = offered.filter((plan) => !isPresent(plan));
  const total = BigInt(subscription.subscription.settled_microtokens) + BigInt(subscription.pending_microtokens);
  const side = { symbol, total, rate: plans.rate };
  return (
    <Action title="Plan">
      {(review) => (
        <div class="stack tight">
          {next !== null && (
            <Notice
              tone="info"
              action={
                <Button size="small" onClick={() => review(changePlan(id, { planId, planVersion: version }))}>
                  Keep the present plan
                </Button>
              }
            >
              Plan {next.plan_id}, version {next.plan_version}, is accepted. It is in force from the next settlement on.
            </Notice>
          )}
          <div class="plans">
            <Side {...side} title={`Plan ${planId}, version ${version}`} tariff={tariff} badge="Now" />
            {others.map((plan) => (
              <Side
                key={`${plan.plan_id}.${plan.plan_version}`}
                {...side}
                title={`Plan ${plan.plan_id}, version ${plan.plan_version}`}
                tariff={plan.tariff}
                than={tariff}
                badge={plan.plan_id === planId ? "Newer version" : undefined}
                action={
                  BigInt(balance_ufix64) < BigInt(plan.minimum_deposit_ufix64) ? (
                    <p class="soft small">
                      This plan needs a balance of {moneyText(plan.minimum_deposit_ufix64)} {symbol}. Top up first.
                    </p>
                  ) : (
                    <Button onClick={() => review(changePlan(id, { planId: plan.plan_id, planVersion: plan.plan_version }))}>
                      Change to this plan
                    </Button>
                  )
                }
              />
            ))}
          </div>
          {others.length === 0 && <p class="soft small">There is no other plan on offer now.</p>}
          <Announced plans={plans.plans} />
        </div>
      )}
    </Action>
  );
}

interface SideProps {
  readonly title: string;
  readonly tariff: Tariff;
  /** The present prices, to compare with. */
  readonly than?: Tariff;
  readonly badge?: string | undefined;
  readonly symbol: string;
  readonly total: bigint;
  readonly rate: Rate | null;
  readonly action?: preact.ComponentChildren;
}

/** One plan: its tiers, and what the next million rated tokens cost on it. */
function Side({ title, tariff, than, badge, symbol, total, rate, action }: SideProps) {
  const unit = unitOf(tariff, symbol);
  const cost = priceOf(tariff.tiers.tiers, total, COMPARED);
  const other = inOtherText(cost, tariff, rate, symbol);
  return (
    <section class="plan">
      <div class="row apart">
        <h3>{title}</h3>
        {badge !== undefined && <Badge tone={badge === "Now" ? "accent" : undefined}>{badge}</Badge>}
      </div>
      <table>
        <thead>
          <tr>
            <th scope="col">Rated tokens</th>
            <th scope="col" class="end">
              {unit} for 1,000
            </th>
          </tr>
        </thead>
        <tbody>
          {tariff.tiers.tiers.map((tier, index) => (
            <tr key={tier.end_tokens}>
              <td>{rangeOf(tier, tariff.tiers.tiers[index - 1])}</td>
              <td class="end">{moneyText(tier.price_ufix64)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        <span class="soft small">Your next million rated tokens cost</span>
        <br />
        <strong class="numbers">
          {moneyText(cost)} {unit}
        </strong>{" "}
        <span class="faint small">{other !== null && `about ${other}`}</span>
      </p>
      {than !== undefined && <Difference cost={cost} tariff={tariff} than={than} total={total} />}
      {action}
    </section>
  );
}

function Difference(props: { readonly cost: bigint; readonly tariff: Tariff; readonly than: Tariff; readonly total: bigint }) {
  const { cost, tariff, than, total } = props;
  const before = priceOf(than.tiers.tiers, total, COMPARED);
  if (than.currency !== tariff.currency || before === 0n) return null;
  if (before === cost) return <p class="soft small">The same as now</p>;
  const percent = (((cost > before ? cost - before : before - cost) * 1_000n) / before).toString().padStart(2, "0");
  const text = `${percent.slice(0, -1)}.${percent.slice(-1)} % ${cost > before ? "more" : "less"} than now`;
  return (
    <p>
      <Badge tone={cost > before ? "warn" : "good"}>{text}</Badge>
    </p>
  );
}

function rangeOf({ end_tokens: end }: Tier, before: Tier | undefined): string {
  const from = before?.end_tokens ?? null;
  if (end === null) return from === null ? "All" : `Above ${shortText(from)}`;
  return from === null ? `Up to ${shortText(end)}` : `${shortText(from)} to ${shortText(end)}`;
}

/** Versions that come into force later. */
function Announced({ plans }: { readonly plans: readonly Plan[] }) {
  const coming = plans.filter(({ effective_at: at, is_retired }) => !is_retired && Date.parse(at) > now.peek());
  if (coming.length === 0) return null;
  return (
    <p class="soft small">
      Announced:{" "}
      {coming
        .map((plan) => `plan ${plan.plan_id}, version ${countText(plan.plan_version)}, from ${momentText(plan.effective_at)}`)
        .join("; ")}
      . Your prices stay as they are until you accept others.
    </p>
  );
}
