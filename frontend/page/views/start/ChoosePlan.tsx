import { useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";

import type { Flow, Plan, Plans } from "../../../api/operations.ts";
import { moneyText, tokensText } from "../../../verify/amounts.ts";
import { Button } from "../../components/Button.tsx";
import { Field } from "../../components/Field.tsx";
import { PlanCard } from "../../components/PlanCard.tsx";
import { Empty } from "../../components/states.tsx";
import { onFlow } from "../../stores/flow.ts";
import { readMoney } from "../../text/amounts.ts";
import { inCurrencyOf } from "../../text/money.ts";
import { tokensFor } from "../../text/tariff.ts";

interface ChoosePlanProps {
  readonly flow: Flow;
  readonly address: string;
  readonly offer: Plans;
  readonly plans: readonly Plan[];
  readonly onChosen: (plan: Plan, deposit: bigint) => void;
}

/** Multiples of the smallest deposit that are offered. */
const MULTIPLES = [1n, 5n, 20n];
const DEPOSIT_MIN = 100_000_000n;

export function ChoosePlan({ flow, address, offer, plans, onChosen }: ChoosePlanProps) {
  const name = useId();
  const planId = useSignal(plans[0]?.plan_id);
  const amount = useSignal(moneyText((leastOf(plans[0]) * 5n).toString()));
  const owned = useSignal<bigint | null>(null);
  useEffect(() => {
    onFlow(flow).chain.balance(address).then(
      (balance) => (owned.value = flow.token.contract === "FlowToken" ? balance : null),
      () => undefined,
    );
  }, [address]);
  const plan = plans.find((one) => one.plan_id === planId.value) ?? plans[0];
  if (plan === undefined) return <Empty title="No plan is on offer now">Come back later, or ask the operator.</Empty>;
  const deposit = readMoney(amount.value);
  const error = wrongWith(deposit, plan, offer.token_symbol, owned.value);
  return (
    <>
      <fieldset class="start-plans">
        <legend class="unseen">Plan</legend>
        {plans.map((one) => (
          <label key={one.plan_id} class="start-plan">
            <PlanCard plan={one} symbol={offer.token_symbol} rate={offer.rate} />
            {plans.length > 1 && (
              <input
                type="radio"
                name={name}
                aria-label={`Plan ${one.plan_id}`}
                checked={one.plan_id === plan.plan_id}
                onChange={() => (planId.value = one.plan_id)}
              />
            )}
          </label>
        ))}
      </fieldset>
      <div class="start-deposit">
        <Field
          label="Deposit"
          unit={offer.token_symbol}
          inputMode="decimal"
          value={amount.value}
          error={error}
          hint={deposit === null ? null : worth(plan, deposit, offer)}
          onInput={(text) => (amount.value = text)}
        />
        <div class="start-amounts">
          {MULTIPLES.map((times) => {
            const text = moneyText(leastOf(plan) * times);
            return (
              <Button key={text} size="small" onClick={() => (amount.value = text)}>
                {text}
              </Button>
            );
          })}
        </div>
      </div>
      <p class="soft small prose">
        A contract holds the deposit. Only attested usage can be charged to it; you can add to it at any time, and take
        out what is left.
      </p>
      <div class="row">
        <Button
          kind="primary"
          icon="arrow"
          disabled={deposit === null || error !== null}
          onClick={() => deposit !== null && onChosen(plan, deposit)}
        >
          Continue
        </Button>
        {owned.value !== null && (
          <span class="faint small numbers">
            Your wallet has {moneyText(owned.value)} {offer.token_symbol}.
          </span>
        )}
      </div>
    </>
  );
}

function leastOf(plan: Plan | undefined): bigint {
  const least = BigInt(plan?.minimum_deposit_ufix64 ?? "0");
  return least > 0n ? least : DEPOSIT_MIN;
}

function wrongWith(deposit: bigint | null, plan: Plan, symbol: string, owned: bigint | null): string | null {
  if (deposit === null) return "An amount above zero, with at most 8 decimals.";
  if (deposit < BigInt(plan.minimum_deposit_ufix64)) {
    return `This plan needs at least ${moneyText(plan.minimum_deposit_ufix64)} ${symbol}.`;
  }
  if (owned !== null && deposit > owned) return `Your wallet has ${moneyText(owned)} ${symbol}.`;
  return null;
}

/** What a deposit pays for, from the first token on. */
function worth(plan: Plan, deposit: bigint, { rate }: Plans): string {
  const inCurrency = inCurrencyOf(plan.tariff, deposit, rate);
  const micro = inCurrency === null ? null : tokensFor(plan.tariff.tiers.tiers, 0n, inCurrency);
  if (micro === null) return "";
  return `Pays for about ${tokensText((micro / 1_000_000_000n) * 1_000_000_000n)} rated tokens.`;
}
