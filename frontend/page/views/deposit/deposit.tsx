import { useMemo } from "preact/hooks";

import type { Deployment, Subscription } from "../../../api/operations.ts";
import { moneyText, tokensText } from "../../../verify/amounts.ts";
import { Money } from "../../components/Amount.tsx";
import { OfSubscription } from "../../components/OfSubscription.tsx";
import { StandingNotice } from "../../components/StandingNotice.tsx";
import { Stat, Stats } from "../../components/Stat.tsx";
import { Show } from "../../components/states.tsx";
import { ViewHead } from "../../components/ViewHead.tsx";
import { exitOf } from "../../stores/exit.ts";
import { onFlow } from "../../stores/flow.ts";
import { useFresh } from "../../stores/fresh.ts";
import { useLive } from "../../stores/live.ts";
import { resource } from "../../stores/resource.ts";
import { deployment, plans, tokenSymbol } from "../../stores/server.ts";
import { Leave } from "./Leave.tsx";
import { Ownership } from "./Ownership.tsx";
import { PlanChange } from "./PlanChange.tsx";
import { EpochLimit, SpendCap } from "./SpendCap.tsx";
import { TopUp } from "./TopUp.tsx";
import "./deposit.css";

/** How often the exit is read again: a countdown that new statements may move, and limits that seldom change. */
const LEAVING_MS = 5_000;
const STAYING_MS = 300_000;
/** How often plans and the rate of dollars are asked for. */
const PLANS_MS = 60_000;

export default function Deposit() {
  return (
    <OfSubscription title="Deposit" height={40}>
      {(subscription) => (
        <>
          <ViewHead title="Deposit">
            What a contract on Flow holds for subscription {subscription.subscription.subscription_id}, what may be charged
            to it, and the way out.
          </ViewHead>
          <div class="stack">
            <StandingNotice shown={subscription} symbol={tokenSymbol()} />
            <Show of={deployment} height={40}>
              {(known) => <OfOne key={subscription.subscription.subscription_id} subscription={subscription} deployment={known} />}
            </Show>
          </div>
        </>
      )}
    </OfSubscription>
  );
}

function OfOne({ subscription, deployment: { flow } }: { readonly subscription: Subscription; readonly deployment: Deployment }) {
  const { subscription: balances } = subscription;
  const { symbol } = flow.token;
  const isOpen = balances.status !== "closed";
  useLive(balances.subscription_id);
  const isLeaving = balances.status === "exiting";
  const exit = useMemo(() => resource(() => exitOf(onFlow(flow).chain, balances.subscription_id, Date.now())), [flow]);
  useFresh(plans, PLANS_MS);
  useFresh(exit, isLeaving ? LEAVING_MS : STAYING_MS);
  return (
    <>
      <Totals subscription={subscription} symbol={symbol} />
      {isOpen && (
        <>
          <div class="actions">
            <TopUp subscription={subscription} symbol={symbol} />
            <SpendCap balances={balances} symbol={symbol} />
          </div>
          <Show of={plans} height={20}>
            {(known) => <PlanChange subscription={subscription} plans={known} />}
          </Show>
        </>
      )}
      <Show of={exit} height={16}>
        {(known) => (
          <div class="actions">
            <Leave balances={balances} symbol={symbol} exit={known} onSealed={() => void exit.reload()} />
            {isOpen && <EpochLimit balances={balances} symbol={symbol} exit={known} onSealed={() => void exit.reload()} />}
          </div>
        )}
      </Show>
      {isOpen && <Ownership balances={balances} />}
    </>
  );
}

function Totals({ subscription, symbol }: { readonly subscription: Subscription; readonly symbol: string }) {
  const { subscription: balances, estimated_charge_ufix64: estimate, pending_microtokens: pending } = subscription;
  const returned = BigInt(balances.withdrawn_ufix64) + BigInt(balances.refunded_ufix64);
  const paidIn = BigInt(balances.deposited_ufix64) + BigInt(balances.credited_ufix64);
  return (
    <Stats>
      <Stat label="Balance" value={<Money ufix64={balances.balance_ufix64} unit={symbol} />} note="In the contract, yours" />
      <Stat
        label="Used, not charged yet"
        value={estimate === null ? "–" : <Money ufix64={estimate} unit={symbol} />}
        note={`${tokensText(pending)} rated tokens on their way`}
      />
      <Stat label="Charged in all" value={<Money ufix64={balances.charged_ufix64} unit={symbol} />} />
      <Stat
        label="Paid in"
        value={<Money ufix64={paidIn} unit={symbol} />}
        note={returned === 0n ? undefined : `${moneyText(returned)} ${symbol} taken out`}
      />
    </Stats>
  );
}
