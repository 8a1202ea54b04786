import { useComputed, useSignal } from "@preact/signals";

import type { Currency, Plan, Plans, PriceBook, Rate } from "../../../api/operations.ts";
import { countText, moneyText } from "../../../verify/amounts.ts";
import { Choices } from "../../components/Choices.tsx";
import { Field, Select } from "../../components/Field.tsx";
import { Later } from "../../components/Later.tsx";
import { PlanCard } from "../../components/PlanCard.tsx";
import { Empty, Show } from "../../components/states.tsx";
import { Table, type Column } from "../../components/Table.tsx";
import { ViewHead } from "../../components/ViewHead.tsx";
import { plans, priceBook } from "../../stores/server.ts";
import { converted } from "../../text/money.ts";
import { found, priceRows, type Kind, type PriceRow } from "../../text/price-rows.ts";
import { perMillion, plansOnOffer } from "../../text/tariff.ts";
import { agoText } from "../../text/time.ts";
import { now } from "../../stores/clock.ts";
import { Quote } from "./Quote.tsx";
import "./pricing.css";

export default function Pricing() {
  return (
    <>
      <ViewHead title="Prices">
        What a million tokens of each model cost, before you pay anything. Each model’s tokens weigh a number of rated
        tokens, and your plan prices those: the more you have used, the cheaper the next one.
      </ViewHead>
      <Show of={plans} height={60}>
        {(offer) => <Show of={priceBook} height={60}>{(book) => <Offer offer={offer} book={book} />}</Show>}
      </Show>
    </>
  );
}

function Offer({ offer, book }: { readonly offer: Plans; readonly book: PriceBook }) {
  const offered = plansOnOffer(offer.plans, Date.now());
  if (offered.length === 0) {
    return <Empty title="No plan is on offer now">Prices are shown here as soon as the operator publishes a plan.</Empty>;
  }
  return (
    <div class="stack loose">
      <ModelPrices offer={offer} plans={offered} book={book} />
      <Later>
        <Quote symbol={offer.token_symbol} plans={offered} models={Object.keys(book.models)} rate={offer.rate} />
        <section class="stack" aria-labelledby="plans">
          <h2 id="plans">{offered.length === 1 ? "The plan" : "Plans"}</h2>
          <div class="grid">
            {offered.map((plan) => (
              <PlanCard key={plan.plan_id} plan={plan} symbol={offer.token_symbol} rate={offer.rate} />
            ))}
          </div>
        </section>
      </Later>
    </div>
  );
}

interface ModelPricesProps {
  readonly offer: Plans;
  readonly plans: readonly Plan[];
  readonly book: PriceBook;
}

function ModelPrices({ offer, plans, book }: ModelPricesProps) {
  const search = useSignal("");
  const planId = useSignal(plans[0]?.plan_id ?? "");
  const tier = useSignal("0");
  const currency = useSignal<Currency>("token");
  const all = useComputed(() => priceRows(book));
  const plan = plans.find((one) => one.plan_id === planId.value) ?? plans[0];
  if (plan === undefined) return null;
  const { tiers } = plan.tariff.tiers;
  const price = (tiers[Number(tier.value)] ?? tiers[0])?.price_ufix64 ?? "0";
  const shown = { plan, price, currency: currency.value, rate: offer.rate, symbol: offer.token_symbol };
  return (
    <section class="stack tight" aria-label="Prices of models">
      <div class="price-controls">
        <Field label="Find a model" type="search" placeholder="gpt, claude, gemini…" value={search.value} onInput={(text) => (search.value = text)} />
        <Select
          label="Plan"
          value={plan.plan_id}
          options={plans.map((one) => ({ value: one.plan_id, label: `Plan ${one.plan_id}` }))}
          onChange={(id) => {
            planId.value = id;
            tier.value = "0";
          }}
        />
        <Select
          label="Used before, in rated tokens"
          value={tier.value}
          options={tiers.map((_, index) => ({ value: String(index), label: tierLabel(tiers, index) }))}
          onChange={(index) => (tier.value = index)}
        />
        <Choices
          label="Currency"
          value={currency.value}
          options={[
            { value: "token", label: offer.token_symbol },
            { value: "USD", label: "Dollars" },
          ]}
          onChange={(chosen) => (currency.value = chosen)}
        />
      </div>
      <Table
        label="Prices of models for a million tokens"
        columns={columns(shown)}
        rows={found(all.value, search.value)}
        keyOf={(row) => row.key}
        empty={<Empty icon="search" title="No model has that name">Try a part of the name only.</Empty>}
      />
      <p class="faint small">
        {currency.value === "USD" ? "Dollars" : offer.token_symbol} for 1,000,000 tokens. <RateNote rate={offer.rate} symbol={offer.token_symbol} />{" "}
        Price book {book.version}: {book.title}
      </p>
    </section>
  );
}

function tierLabel(tiers: Plan["tariff"]["tiers"]["tiers"], index: number): string {
  const begin = index === 0 ? "0" : countText(tiers[index - 1]?.end_tokens ?? "0");
  const end = tiers[index]?.end_tokens;
  return end == null ? `${begin} or more` : `${begin} to ${countText(end)}`;
}

function RateNote({ rate, symbol }: { readonly rate: Rate | null; readonly symbol: string }) {
  if (rate === null) return <>No rate of dollars is known now.</>;
  return (
    <>
      1 {symbol} was ${moneyText(rate.rate_ufix64)}, read {agoText(rate.read_at, now.value)}.
    </>
  );
}

interface Shown {
  readonly plan: Plan;
  readonly price: string;
  readonly currency: Currency;
  readonly rate: Rate | null;
  readonly symbol: string;
}

function columns(shown: Shown): readonly Column<PriceRow>[] {
  const kind = (head: string, name: Kind): Column<PriceRow> => ({
    head,
    align: "end",
    width: "7rem",
    cell: (row) => <PriceCell weight={row.weights[name]} {...shown} />,
  });
  return [
    { head: "Model", width: "min(17rem, 44vw)", cell: (row) => <ModelName row={row} /> },
    kind("Input", "prompt"),
    kind("Cached input", "cache_read"),
    kind("Cache write", "cache_write"),
    kind("Output", "completion"),
    kind("Reasoning", "reasoning"),
    { head: "Also", width: "13rem", cell: (row) => <Others row={row} shown={shown} /> },
  ];
}

function ModelName({ row }: { readonly row: PriceRow }) {
  return (
    <span title={row.key}>
      {row.model}
      {row.only !== null && <span class="price-only">{row.only}</span>}
    </span>
  );
}

function PriceCell({ weight, ...shown }: Shown & { readonly weight: number | null }) {
  const amount = weight === null ? null : inCurrency(perMillion(weight, shown.price), shown);
  return amount === null ? <span class="faint">–</span> : <>{moneyText(amount)}</>;
}

function Others({ row, shown }: { readonly row: PriceRow; readonly shown: Shown }) {
  const texts = row.others().map(({ of, weight }) => {
    const amount = inCurrency(perUnit(weight, shown.price), shown);
    return amount === null ? null : `${of}: ${moneyText(amount)}`;
  });
  if (row.dollarWeight !== null) {
    const amount = inCurrency(perUnit(row.dollarWeight, shown.price), shown);
    if (amount !== null) texts.push(`at least ${moneyText(amount)} per $1 of cost`);
  }
  const text = texts.filter((one) => one !== null).join("; ");
  return (
    <span class="soft" title={text}>
      {text}
    </span>
  );
}

/** What `weight` rated micro-tokens cost, in 1e-8 of the plan's currency. */
function perUnit(weight: number, priceUfix64: string): bigint {
  return (BigInt(Math.round(weight)) * BigInt(priceUfix64)) / 1_000_000_000n;
}

function inCurrency(amount: bigint, { plan, currency, rate }: Shown): bigint | null {
  return converted(amount, plan.tariff, currency, rate);
}

