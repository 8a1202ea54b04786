/** What the server tells, kept once for all views. Ask through `call`, or through a resource with `<Show of={…}>`. */
import { effect, untracked } from "@preact/signals";

import type { Deployment, Subscription } from "../../api/operations.ts";
import { after, collected } from "./pages.ts";
import { resource } from "./resource.ts";
import { sessionOn } from "./session.ts";
import { say } from "./toasts.ts";

export const session = sessionOn({
  storage: localStorage,
  alone: async (work) => await navigator.locks.request("flareflow.session", work),
  now: () => Date.now(),
  onRefused: () => say("info", "Your session has ended. Sign in again to go on."),
});

addEventListener("storage", (event) => {
  if (event.key === "flareflow.session" || event.key === null) session.readAgain();
});

export const { call } = session;

export const deployment = resource(() => call("GET /v1/deployment", {}));
export const plans = resource(() => call("GET /v1/plans", {}));
export const priceBook = resource(() => call("GET /v1/price-book", {}));
export const status = resource(() => call("GET /v1/status", {}));
export const epochs = resource(() => call("GET /v1/epochs", {}).then((page) => page.items));

/** The deployment, as soon as it is known to all views; if it could not be asked for, it is asked for once more. */
export async function deploymentNow(): Promise<Deployment> {
  await deployment.known();
  const state = deployment.state.peek();
  return state.name === "ready" ? state.value : await call("GET /v1/deployment", {});
}

/** The symbol of the token of the deposits. */
export function tokenSymbol(): string {
  deployment.want();
  const state = deployment.state.value;
  return state.name === "ready" ? state.value.flow.token.symbol : "FLOW";
}

/** The account's subscriptions; the newest first. */
export const subscriptions = resource(allSubscriptions);

const PAGES_MAX = 20;

async function allSubscriptions(): Promise<readonly Subscription[]> {
  if (session.address.value === null) return [];
  const { items } = await collected((cursor) => call("GET /v1/subscriptions", { query: after(cursor) }), PAGES_MAX);
  return items.toSorted((one, other) => Number(BigInt(other.subscription.subscription_id) - BigInt(one.subscription.subscription_id)));
}

/** Calls `forget` when another account is signed in than before, or none; `left` is the one before, if there was one. */
export function whenAccountChanges(forget: (left: string | null) => void): void {
  let before = session.address.value;
  effect(() => {
    const { value } = session.address;
    if (value === before) return;
    const left = before;
    before = value;
    untracked(() => forget(left));
  });
}

whenAccountChanges((left) => {
  subscriptions.forget();
  // FCL keeps the account that it is connected with in this tab's storage, and the page keeps nothing there.
  if (left !== null) sessionStorage.clear();
});
