/** Webhooks in words, and what somebody fills in for one. */
import type { Attempt, Chosen, Delivery, DeliveryState, EventType, WebhookState } from "../../../api/operations.ts";

export const EVENTS: readonly { readonly type: Chosen; readonly label: string; readonly hint: string }[] = [
  { type: "standing.changed", label: "Standing changed", hint: "Keys work, are blocked, or work again." },
  { type: "balance.low", label: "Balance low", hint: "Less is left than your plan warns at, or nothing." },
  { type: "epoch.settled", label: "Epoch settled", hint: "Attested usage was charged on Flow." },
];

export const STATES: Readonly<Record<WebhookState, { readonly tone?: "good" | "warn" | "bad"; readonly label: string; readonly note: string | null }>> = {
  enabled: { tone: "good", label: "Enabled", note: null },
  disabled: { label: "Disabled", note: "It is told nothing until you enable it." },
  failing: { tone: "bad", label: "Failing", note: "Every delivery has failed for five days, so it is told nothing any more." },
  gone: { tone: "bad", label: "Gone", note: "The receiver has answered 410, so it is told nothing any more." },
};

export const DELIVERY_STATES: Readonly<Record<DeliveryState, { readonly tone?: "good" | "bad"; readonly label: string }>> = {
  pending: { label: "Under way" },
  delivered: { tone: "good", label: "Delivered" },
  failed: { tone: "bad", label: "Failed" },
};

const URL_MAX = 500;
const FORM = /^https?:\/\/[a-z0-9.-]+(:\d+)?([/?][!-"$-[\]-~]*)?$/;

/** What is wrong with a URL; the server looks closer. */
export function urlError(url: string): string | undefined {
  if (url === "") return undefined;
  if (url.length > URL_MAX) return `At most ${URL_MAX} characters.`;
  return FORM.test(url) ? undefined : "https://, a name in lower case, and a path.";
}

export function eventText(type: EventType): string {
  return EVENTS.find((one) => one.type === type)?.label ?? "Test";
}

/** What came of the newest attempt. */
export function attemptText({ attempts, state }: Pick<Delivery, "attempts" | "state">): string {
  const last: Attempt | undefined = attempts.at(-1);
  if (last === undefined) return state === "pending" ? "Not attempted yet." : "Never attempted.";
  const took = `${last.milliseconds} ms`;
  const times = attempts.length === 1 ? "" : ` ${attempts.length} attempts so far.`;
  return last.error === null ? `Answered ${last.status} in ${took}.${times}` : `${last.error.replace(/\.$/, "")} (${took}).${times}`;
}
