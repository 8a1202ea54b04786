import { useSignal } from "@preact/signals";

import type { Balances } from "../../../api/operations.ts";
import { cancelExit, closeSubscription, requestExit, withdraw, type OwnerTransaction } from "../../../flow/transactions.ts";
import { moneyText } from "../../../verify/amounts.ts";
import { Action } from "../../components/Action.tsx";
import { Money } from "../../components/Amount.tsx";
import { Button } from "../../components/Button.tsx";
import { Form } from "../../components/Form.tsx";
import { Meter } from "../../components/Meter.tsx";
import { now } from "../../stores/clock.ts";
import type { Exit } from "../../stores/exit.ts";
import { readMoney } from "../../text/amounts.ts";
import { durationText, momentText } from "../../text/time.ts";
import { AmountField } from "./AmountField.tsx";

interface LeaveProps {
  readonly balances: Balances;
  readonly symbol: string;
  readonly exit: Exit;
  readonly onSealed: () => void;
}

type Review = (transaction: OwnerTransaction) => void;

/** The way out: request, wait, take the money. Nobody else is needed for it. */
export function Leave({ balances, symbol, exit, onSealed }: LeaveProps) {
  const { subscription_id: id } = balances;
  return (
    <Action title="Leave and take out" onSealed={onSealed}>
      {(review) => {
        if (balances.status === "closed") return <Closed balances={balances} symbol={symbol} />;
        if (exit.exitAt === null || exit.possibleAt === null) return <Stay id={id} exit={exit} review={review} />;
        return <Leaving balances={balances} symbol={symbol} exit={exit} possibleAt={exit.possibleAt} review={review} />;
      }}
    </Action>
  );
}

function Closed({ balances, symbol }: Pick<LeaveProps, "balances" | "symbol">) {
  return (
    <p>
      This subscription is closed. <Money ufix64={balances.refunded_ufix64} unit={symbol} /> were paid back at its end.
    </p>
  );
}

function Stay({ id, exit, review }: { readonly id: string; readonly exit: Exit; readonly review: Review }) {
  const notice = durationText(exit.noticeSeconds);
  return (
    <div class="stack tight">
      <p class="soft">
        What you have not used is yours. You announce that you leave, wait for {notice} so that the last usage is settled,
        and take out the balance. Keys make no calls meanwhile. The operator cannot stop it.
      </p>
      <div class="row action-end">
        <Button onClick={() => review(requestExit(id, notice))}>Leave</Button>
      </div>
    </div>
  );
}

interface LeavingProps extends Omit<LeaveProps, "onSealed"> {
  readonly possibleAt: number;
  readonly review: Review;
}

function Leaving({ balances, symbol, exit, possibleAt, review }: LeavingProps) {
  const { subscription_id: id } = balances;
  const left = possibleAt - (now.value + exit.ahead);
  // Until the notice ends, every new statement may move the time.
  const isFinal = exit.readAt >= (exit.exitAt ?? possibleAt);
  if (left <= 0 && isFinal) return <TakeOut balances={balances} symbol={symbol} isByProvider={exit.isByProvider} review={review} />;
  const whole = (exit.noticeSeconds + exit.graceSeconds) * 1_000;
  return (
    <div class="stack tight">
      {exit.isByProvider && <p>The operator ends this subscription. Nothing is charged after the notice.</p>}
      <p class="countdown" role="timer">
        <span class="soft small">You can take out your balance in</span>
        <strong class="numbers">{left > 0 ? durationText(Math.ceil(left / 1_000)) : "a moment"}</strong>
        <span class="faint small">
          At {momentText(new Date(possibleAt - exit.ahead).toISOString())}; later if a statement is still being settled
        </span>
      </p>
      <Meter label="Of the notice" part={BigInt(Math.max(0, Math.floor(whole - left)))} whole={BigInt(Math.floor(whole))} />
      {!exit.isByProvider && (
        <div class="row action-end">
          <Button onClick={() => review(cancelExit(id))}>Stay after all</Button>
        </div>
      )}
    </div>
  );
}

interface TakeOutProps {
  readonly balances: Balances;
  readonly symbol: string;
  readonly isByProvider: boolean;
  readonly review: Review;
}

function TakeOut({ balances, symbol, isByProvider, review }: TakeOutProps) {
  const { subscription_id: id, balance_ufix64: balance } = balances;
  const text = useSignal("");
  const amount = readMoney(text.value);
  const isTooMuch = amount !== null && amount > BigInt(balance);
  return (
    <Form
      onSubmit={() => {
        if (amount !== null && !isTooMuch) review(withdraw(id, amount, symbol));
      }}
    >
      <p>
        The notice is over. You can take out <Money ufix64={balance} unit={symbol} />.
      </p>
      <AmountField
        label="A part of it"
        text={text}
        symbol={symbol}
        placeholder={moneyText(balance)}
        hint="The subscription stays open, without calls, until you close it or stay."
        error={isTooMuch ? `At most ${moneyText(balance)} ${symbol}.` : null}
      />
      <div class="row action-end">
        {!isByProvider && (
          <Button kind="quiet" onClick={() => review(cancelExit(id))}>
            Stay after all
          </Button>
        )}
        <Button type="submit" disabled={amount === null || isTooMuch}>
          Take out a part
        </Button>
        <Button kind="primary" onClick={() => review(closeSubscription(id, symbol))}>
          Close and take out all
        </Button>
      </div>
    </Form>
  );
}
