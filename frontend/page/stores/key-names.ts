/** What an owner calls the keys of a subscription. */
import type { Key } from "../../api/operations.ts";
import { namesFrom, type KeyNames, type Naming } from "./naming.ts";
import { after, collected, type Part } from "./pages.ts";
import { call, whenAccountChanges } from "./server.ts";

const PARTS_MAX = 10;
let known: { readonly id: string; readonly names: KeyNames } | null = null;

/** The names of all keys of a subscription, as they are known now. */
export function keyNames(subscriptionId: string): Naming {
  if (known?.id !== subscriptionId) known = { id: subscriptionId, names: namesFrom(() => allKeys(subscriptionId)) };
  known.names.want();
  return known.names.naming.value;
}

/** A key of a subscription was made or has another name. */
export function namesChanged(subscriptionId: string): void {
  if (known?.id === subscriptionId) void known.names.reload();
}

whenAccountChanges(() => {
  known = null;
});

async function allKeys(subscriptionId: string): Promise<readonly Key[]> {
  const { items } = await collected((cursor) => keysFrom(subscriptionId, cursor), PARTS_MAX);
  return items;
}

/** A part of a subscription's keys. */
export function keysFrom(subscriptionId: string, cursor: string | null): Promise<Part<Key>> {
  const path = { subscription_id: subscriptionId };
  return call("GET /v1/subscriptions/{subscription_id}/keys", { path, query: after(cursor) });
}
