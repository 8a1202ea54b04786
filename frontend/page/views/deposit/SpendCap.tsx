import { useSignal } from "@preact/signals";

import type { Balances } from "../../../api/operations.ts";
import { setEpochLimit, setSpendCap } from "../../../flow/transactions.ts";
import { moneyText } from "../../../verify/amounts.ts";
import { Action } from "../../components/Action.tsx";
import { Money } from "../../components/Amount.tsx";
import { Button } from "../../components/Button.tsx";
import { Form } from "../../components/Form.tsx";
import { Meter } from "../../components/Meter.tsx";
import { now } from "../../stores/clock.ts";
import type { Exit } from "../../stores/exit.ts";
import { readMoney } from "../../text/amounts.ts";
import { momentText } from "../../text/time.ts";
import { AmountField } from "./AmountField.tsx";

interface LimitProps {
  readonly balances: Balances;
  readonly symbol: string;
}

/** What may be charged in 30 days. */
export function SpendCap({ balances, symbol }: LimitProps) {
  const text = useSignal("");
  const limit = readMoney(text.value);
  const { subscription_id: id, spend_cap: cap } = balances;
  return (
    <Action title="Spend cap">
      {(review) => (
        <Form
          onSubmit={() => {
            if (limit !== null) review(setSpendCap(id, limit, symbol));
          }}
        >
          <Current balances={balances} symbol={symbol} />
          <AmountField
            label={cap === null ? "Most in 30 days" : "New cap in 30 days"}
            text={text}
            symbol={symbol}
            placeholder="25.00"
            hint="What exceeds it stays owed, and calls are refused until the next period."
          />
          <div class="row action-end">
            {cap !== null && (
              <Button kind="quiet" onClick={() => review(setSpendCap(id, null, symbol))}>
                Remove the cap
              </Button>
            )}
            <Button kind="primary" type="submit" disabled={limit === null}>
              Review
            </Button>
          </div>
        </Form>
      )}
    </Action>
  );
}

function Current({ balances: { spend_cap: cap, charged_ufix64: charged }, symbol }: LimitProps) {
  if (cap === null) return <p class="soft">There is no cap: up to the balance can be charged.</p>;
  const isOver = Date.parse(cap.period_ends_at) <= now.value;
  const used = isOver ? 0n : BigInt(charged) - BigInt(cap.charged_before_ufix64);
  const limit = BigInt(cap.limit_ufix64);
  return (
    <div class="stack tight">
      <p>
        <Money ufix64={used} unit={symbol} /> of <Money ufix64={limit} unit={symbol} /> charged in this period
      </p>
      <Meter
        label="Charged of the cap"
        part={used}
        whole={limit}
        tone={used >= limit ? "bad" : used * 10n >= limit * 8n ? "warn" : undefined}
      />
      <p class="faint small">
        {isOver ? "A new period has begun." : `The period ends on ${momentText(cap.period_ends_at)}.`}
      </p>
    </div>
  );
}

/** What one settlement may charge: the emergency brake of an owner. */
export function EpochLimit({ balances, symbol, exit, onSealed }: LimitProps & { readonly exit: Exit; readonly onSealed: () => void }) {
  const text = useSignal("");
  const limit = readMoney(text.value);
  return (
    <Action title="Limit of one settlement" onSealed={onSealed}>
      {(review) => (
        <Form
          onSubmit={() => {
            if (limit !== null) review(setEpochLimit(balances.subscription_id, limit, symbol));
          }}
        >
          <p class="soft">
            One settlement may charge {moneyText(exit.epochLimit)} {symbol} at most, whatever was used. The rest stays owed, and
            the next settlements charge it.
          </p>
          <AmountField label="New limit" text={text} symbol={symbol} hint="A brake against mistakes and stolen keys." />
          <div class="row action-end">
            <Button kind="primary" type="submit" disabled={limit === null}>
              Review
            </Button>
          </div>
        </Form>
      )}
    </Action>
  );
}
