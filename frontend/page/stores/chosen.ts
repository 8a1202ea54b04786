/** Which of the account's subscriptions the views show. It is remembered on this device. */
import { computed, signal } from "@preact/signals";

import type { Subscription } from "../../api/operations.ts";
import { subscriptions, whenAccountChanges } from "./server.ts";

const PLACE = "flareflow.subscription";
const wanted = signal(localStorage.getItem(PLACE));

export function choose(subscriptionId: string): void {
  localStorage.setItem(PLACE, subscriptionId);
  wanted.value = subscriptionId;
}

whenAccountChanges((left) => {
  if (left === null) return;
  localStorage.removeItem(PLACE);
  wanted.value = null;
});

/** The chosen subscription, or else the newest that is not closed; null while the account has none. */
export const chosen = computed<Subscription | null>(() => {
  const state = subscriptions.state.value;
  if (state.name !== "ready") return null;
  const named = state.value.find((one) => one.subscription.subscription_id === wanted.value);
  return named ?? state.value.find((one) => one.subscription.status !== "closed") ?? state.value[0] ?? null;
});
