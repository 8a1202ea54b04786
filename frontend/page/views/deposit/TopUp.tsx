import { useSignal } from "@preact/signals";

import type { Subscription } from "../../../api/operations.ts";
import { topUp } from "../../../flow/transactions.ts";
import { moneyText } from "../../../verify/amounts.ts";
import { Action } from "../../components/Action.tsx";
import { Button } from "../../components/Button.tsx";
import { Form } from "../../components/Form.tsx";
import { inDollars, readMoney, roughMoneyText } from "../../text/amounts.ts";
import { AmountField } from "./AmountField.tsx";

interface TopUpProps {
  readonly subscription: Subscription;
  readonly symbol: string;
}

const AMOUNTS = ["1", "5", "10", "50"];

export function TopUp({ subscription, symbol }: TopUpProps) {
  const text = useSignal("");
  const { subscription_id: id, balance_ufix64: balance } = subscription.subscription;
  const amount = readMoney(text.value);
  const { rate } = subscription;
  const worth = amount !== null && rate !== null ? ` About $${roughMoneyText(inDollars(amount, rate.rate_ufix64))}.` : "";
  const hint = amount === null ? "Up to 8 decimals." : `The balance becomes ${moneyText(BigInt(balance) + amount)} ${symbol}.${worth}`;
  return (
    <Action title="Top up">
      {(review) => (
        <Form
          onSubmit={() => {
            if (amount !== null) review(topUp(id, amount, symbol));
          }}
        >
          <AmountField label="Amount" text={text} symbol={symbol} placeholder="10.00" hint={hint} />
          <div class="row apart">
            <div class="row amounts">
              {AMOUNTS.map((one) => (
                <Button key={one} size="small" label={`${one} ${symbol}`} onClick={() => (text.value = one)}>
                  {one}
                </Button>
              ))}
            </div>
            <Button kind="primary" type="submit" disabled={amount === null}>
              Review
            </Button>
          </div>
        </Form>
      )}
    </Action>
  );
}
