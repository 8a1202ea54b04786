import type { ComponentChildren } from "preact";

import type { Subscription } from "../../api/operations.ts";
import { moneyText } from "../../verify/amounts.ts";
import { capLeft } from "../text/forecast.ts";
import { unitOf } from "../text/money.ts";
import { momentText } from "../text/time.ts";
import { Money } from "./Amount.tsx";
import { ButtonLink } from "./Button.tsx";
import { Notice } from "./states.tsx";

interface StandingNoticeProps {
  readonly shown: Subscription;
  readonly symbol: string;
  /** Whether there are links to the deposit, where something can be done about it. */
  readonly isLinked?: boolean;
}

/** What needs the owner now, and what it means for keys; nothing where all is well. */
export function StandingNotice({ shown, symbol, isLinked = false }: StandingNoticeProps) {
  const { subscription, standing } = shown;
  const owed = BigInt(subscription.owed_ufix64);
  const to = (label: string) =>
    isLinked && (
      <ButtonLink size="small" href="#/deposit">
        {label}
      </ButtonLink>
    );
  if (subscription.status === "closed") return <Notice tone="info">This subscription is closed. Its usage and its bills stay here.</Notice>;
  if (subscription.status === "exiting" || standing === "exiting") {
    return (
      <Notice tone="warn" action={to("See the countdown")}>
        You are leaving: keys make no calls. After the notice you can take out what is left.
      </Notice>
    );
  }
  if (standing === "capped") return <Capped shown={shown} symbol={symbol} action={to("Change the cap")} />;
  if (owed > 0n) {
    return (
      <Notice tone="bad" action={to("Top up")}>
        <Money ufix64={owed} unit={unitOf(subscription.tariff, symbol)} /> is owed, so keys make no calls.
        Top up to pay it and to go on.
      </Notice>
    );
  }
  if (standing === "overdrawn") {
    return (
      <Notice tone="bad" action={to("Top up")}>
        The deposit is used up, so keys make no calls. Top up to go on.
      </Notice>
    );
  }
  if (standing === "warned") {
    return (
      <Notice tone="warn" action={to("Top up")}>
        Little of the deposit is left. Top up before it is used up and keys make no more calls.
      </Notice>
    );
  }
  if (standing === "unknown") {
    return (
      <Notice tone="warn">
        What is left is not known now, because Flow or the price of dollars could not be read lately. Keys go on working for
        an hour.
      </Notice>
    );
  }
  if (subscription.waits_for === null) return null;
  return <Notice tone="warn">The newest event on Flow is not entered yet, so this balance may be older than it looks.</Notice>;
}

function Capped({ shown, symbol, action }: StandingNoticeProps & { readonly action: ComponentChildren }) {
  const cap = shown.subscription.spend_cap;
  if (cap === null) return <Notice tone="bad" action={action}>The spend cap is reached, so keys make no calls.</Notice>;
  const left = moneyText(capLeft(shown, Date.now()) ?? 0n);
  return (
    <Notice tone="bad" action={action}>
      The spend cap is reached, so keys make no calls: {left} of {moneyText(cap.limit_ufix64)} {symbol} are left in this
      period, which ends on {momentText(cap.period_ends_at)}. Wait until then, or set a higher cap.
    </Notice>
  );
}
