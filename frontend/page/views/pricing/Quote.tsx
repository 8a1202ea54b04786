import { useSignal, useSignalEffect } from "@preact/signals";
import { useId } from "preact/hooks";

import type { Plan, Quote as Quoted, Rate } from "../../../api/operations.ts";
import { countText, tokensText } from "../../../verify/amounts.ts";
import { Money } from "../../components/Amount.tsx";
import { Field } from "../../components/Field.tsx";
import { Stat } from "../../components/Stat.tsx";
import { call } from "../../stores/server.ts";
import { roughMoneyText } from "../../text/amounts.ts";
import { failureOf } from "../../text/failures.ts";
import { converted } from "../../text/money.ts";
import { priceOf } from "../../text/tariff.ts";

interface QuoteProps {
  readonly symbol: string;
  readonly plans: readonly Plan[];
  readonly models: readonly string[];
  readonly rate: Rate | null;
}

const TYPING_MS = 350;
const MANY_CALLS = 1_000n;
const MODELS_LISTED_MAX = 2_000;

/** What a call would cost, as the server rates it. */
export function Quote({ symbol, plans, models, rate }: QuoteProps) {
  const list = useId();
  const isListed = useSignal(false);
  const model = useSignal(models.includes("gpt-4o") ? "gpt-4o" : (models[0] ?? ""));
  const prompt = useSignal("1000");
  const cached = useSignal("0");
  const completion = useSignal("500");
  const used = useSignal("0");
  const answer = useSignal<{ readonly quote: Quoted | null; readonly error: string | null }>({ quote: null, error: null });

  useSignalEffect(() => {
    const counts = [prompt, cached, completion, used].map((field) => readCount(field.value));
    const name = model.value.trim();
    if (name === "" || counts.includes(null)) return;
    const [input, cache, output, after] = counts as [string, string, string, string];
    let isOld = false;
    const timer = setTimeout(async () => {
      const tokens = { prompt: input, cache_read: cache, completion: output };
      const body = { calls: [{ model: name, tokens }], after_microtokens: `${after}000000` };
      const next = await call("POST /v1/quotes", { body }).then(
        (quote) => ({ quote, error: null }),
        (error: unknown) => ({ quote: null, error: failureOf(error).detail }),
      );
      if (!isOld) answer.value = next;
    }, TYPING_MS);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  });

  const count = (label: string, field: typeof prompt) => (
    <Field
      label={label}
      inputMode="numeric"
      value={field.value}
      error={readCount(field.value) === null ? "A whole number." : null}
      onInput={(text) => (field.value = text)}
    />
  );
  return (
    <section class="card" aria-labelledby="quote">
      <h2 id="quote">What would a call cost?</h2>
      <div class="quote">
        <div class="quote-fields">
          <div class="field">
            <label for={`${list}-model`}>Model</label>
            <span class="field-box">
              <input
                id={`${list}-model`}
                list={list}
                value={model.value}
                autocomplete="off"
                onFocus={() => (isListed.value = true)}
                onInput={(event) => (model.value = event.currentTarget.value)}
              />
            </span>
            <datalist id={list}>
              {isListed.value && models.slice(0, MODELS_LISTED_MAX).map((name) => <option key={name} value={name} />)}
            </datalist>
            <p class="field-hint" />
          </div>
          {count("Input tokens", prompt)}
          {count("Input tokens from a cache", cached)}
          {count("Output tokens", completion)}
          {count("Rated tokens used before", used)}
        </div>
        <div class="quote-result stack tight" role="status">
          {answer.value.error !== null && <p class="soft">{answer.value.error}</p>}
          {answer.value.quote !== null && (
            <Costs quote={answer.value.quote} plans={plans} symbol={symbol} rate={rate} used={readCount(used.value) ?? "0"} />
          )}
        </div>
      </div>
    </section>
  );
}

interface CostsProps extends Omit<QuoteProps, "models"> {
  readonly quote: Quoted;
  readonly used: string;
}

function Costs({ quote, plans, symbol, rate, used }: CostsProps) {
  const [quoted] = quote.calls;
  if (quoted === undefined) return null;
  const rated = BigInt(quoted.rated_microtokens);
  const before = BigInt(used) * 1_000_000n;
  return (
    <>
      {plans.map((plan) => {
        const { tiers } = plan.tariff.tiers;
        const cost = (calls: bigint) => {
          const bill = priceOf(tiers, before, rated * calls);
          const inTokens = converted(bill, plan.tariff, "token", rate);
          const inDollars = converted(bill, plan.tariff, "USD", rate);
          return {
            value: inTokens === null ? "–" : <Money ufix64={inTokens} unit={symbol} />,
            note: inDollars === null ? "No rate of dollars is known now" : `$${roughMoneyText(inDollars)}`,
          };
        };
        return (
          <div key={plan.plan_id}>
            {plans.length > 1 && <h3>Plan {plan.plan_id}</h3>}
            <dl class="quote-costs">
              <Stat label="One call" {...cost(1n)} />
              <Stat label={`${countText(MANY_CALLS)} such calls`} {...cost(MANY_CALLS)} />
            </dl>
          </div>
        );
      })}
      <p class="faint small">
        A call of {quoted.model} weighs {tokensText(rated)} rated tokens
        {quoted.is_named ? "." : ", by the price of models that the book does not name."}
      </p>
    </>
  );
}

/** A whole number of up to twelve digits as the API takes it; null for anything else. */
function readCount(text: string): string | null {
  const plain = text.trim().replace(/,/g, "");
  return /^\d{1,12}$/.test(plain) ? plain : null;
}
