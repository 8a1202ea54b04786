import { useMemo } from "preact/hooks";

import type { Subscription } from "../../../api/operations.ts";
import { countText } from "../../../verify/amounts.ts";
import { Money } from "../../components/Amount.tsx";
import { StandingNotice } from "../../components/StandingNotice.tsx";
import { Stat, Stats } from "../../components/Stat.tsx";
import { useAfter } from "../../stores/fresh.ts";
import { connection, live } from "../../stores/live.ts";
import { resource, type Loaded } from "../../stores/resource.ts";
import { tokenSymbol } from "../../stores/server.ts";
import { lastDays, sumsOf, type Sums } from "../../stores/sums.ts";
import { roughMoneyText } from "../../text/amounts.ts";
import { forecast, type Forecast } from "../../text/forecast.ts";
import { converted, unitOf } from "../../text/money.ts";
import { durationText, momentText } from "../../text/time.ts";

const DAYS = 7;

interface StandingProps {
  readonly shown: Subscription;
  readonly changes: number;
}

/** What there is, what of it is spoken for, and how long it lasts; with what has to be done about it. */
export function Standing({ shown, changes }: StandingProps) {
  const { subscription, rate } = shown;
  const symbol = tokenSymbol();
  const { subscription_id: id } = subscription;
  const hours = useMemo(() => resource(() => sumsOf(id, { by: ["hour"], ...lastDays(DAYS) })), [id]);
  useAfter(hours, changes);
  const balance = balanceNow(subscription.balance_ufix64);
  const dollars = converted(BigInt(balance), { currency: "token", needs_rate: true }, "USD", rate);
  return (
    <section class="stack" aria-label="Balance">
      <StandingNotice shown={shown} symbol={symbol} isLinked />
      <Stats>
        <Stat
          label="Balance"
          value={<Money ufix64={balance} unit={symbol} />}
          note={dollars === null ? undefined : `about $${roughMoneyText(dollars)}`}
        />
        <Stat label="Used, not charged yet" value={<Unsettled shown={shown} symbol={symbol} />} note={shown.subscription.tariff.needs_rate ? "At the present price of dollars" : "On its way to a charge"} />
        <Lasts shown={shown} state={hours.state.value} />
        <Recent state={hours.state.value} />
      </Stats>
    </section>
  );
}

/** While messages come, the last of them has the newest balance; otherwise the API's answer is the newest. */
function balanceNow(asked: string): string {
  const told = connection.value.name === "live" ? live.value.balance : null;
  return told?.balance_ufix64 ?? asked;
}

function Unsettled({ shown, symbol }: { readonly shown: Subscription; readonly symbol: string }) {
  const { estimated_charge_ufix64: charge, estimated_bill_ufix64: bill } = shown;
  if (charge !== null) return <Money ufix64={charge} unit={symbol} />;
  return <Money ufix64={bill} unit={unitOf(shown.subscription.tariff, symbol)} />;
}

interface LastsProps {
  readonly shown: Subscription;
  readonly state: Loaded<Sums>;
}

function Lasts({ shown, state }: LastsProps) {
  const now = Date.now();
  const { status } = shown.subscription;
  if (status === "exiting" || status === "closed") return <Stat label="Lasts" value="–" note="Keys make no more calls" />;
  const told = state.name === "ready" ? forecast(shown, hoursOf(state.value), now) : null;
  const { value, note, tone } = told === null ? { value: "–", note: undefined, tone: undefined } : forecastText(told, now);
  return <Stat label="Lasts" value={value} note={note} tone={tone} />;
}

function hoursOf({ items }: Sums) {
  return items.flatMap(({ group, total }) => (group.start === null ? [] : [{ start: group.start, micro: total }]));
}

const SOON_S = 86_400;
const FAR_S = 2 * 365 * 86_400;

function forecastText(told: Forecast, now: number) {
  switch (told.name) {
    case "unknown":
      return { value: "–", note: "The price of dollars is not known now" };
    case "unused":
      return { value: "No end in sight", note: `Nothing was used in the last ${DAYS} days` };
    case "free":
      return { value: "No end in sight", note: "What you use from here on is free" };
    case "ends": {
      if (told.seconds <= 0) return { value: "Used up", note: told.isCap ? "The spend cap is reached" : "Top up to go on", tone: "bad" } as const;
      if (told.seconds > FAR_S) return { value: "Years", note: `At the pace of the last ${DAYS} days` };
      const end = new Date(now + told.seconds * 1000).toISOString();
      const note = `${told.isCap ? "Until the spend cap is reached, on" : "Until"} ${momentText(end)}, at the pace of the last ${DAYS} days`;
      return { value: durationText(told.seconds), note, ...(told.seconds < SOON_S ? { tone: "warn" as const } : {}) };
    }
  }
}

function Recent({ state }: { readonly state: Loaded<Sums> }) {
  const calls = state.name === "ready" ? state.value.items.reduce((sum, { requests }) => sum + requests, 0n) : null;
  return <Stat label={`Calls in ${DAYS} days`} value={calls === null ? "–" : countText(calls)} />;
}
