/** What an owner calls the keys of a subscription. */
import { computed, type ReadonlySignal } from "@preact/signals";

import type { Key } from "../../api/operations.ts";
import { after, collected, type Part } from "./pages.ts";
import { resource, type Resource } from "./resource.ts";
import { call } from "./server.ts";

type Naming = (keyHash: string | null) => string;
const PARTS_MAX = 10;

let known: { readonly id: string; readonly keys: Resource<readonly Key[]>; readonly naming: ReadonlySignal<Naming> } | null = null;

/** A function from hashes of keys to their names; to the beginning of the hash where a name is not known. */
export function keyNames(subscriptionId: string): Naming {
  if (known?.id !== subscriptionId) {
    const keys = resource(() => allKeys(subscriptionId));
    known = { id: subscriptionId, keys, naming: computed(() => namingBy(keys)) };
  }
  known.keys.want();
  return known.naming.value;
}

function namingBy(keys: Resource<readonly Key[]>): Naming {
  const state = keys.state.value;
  const names = new Map(state.name === "ready" ? state.value.map(({ key_hash, alias }) => [key_hash, alias]) : []);
  return (keyHash) => {
    if (keyHash === null) return "Unknown key";
    return names.get(keyHash) || `Key ${keyHash.slice(0, 8)}`;
  };
}

async function allKeys(subscriptionId: string): Promise<readonly Key[]> {
  const { items } = await collected((cursor) => keysFrom(subscriptionId, cursor), PARTS_MAX);
  return items;
}

/** A part of a subscription's keys. */
export function keysFrom(subscriptionId: string, cursor: string | null): Promise<Part<Key>> {
  const path = { subscription_id: subscriptionId };
  return call("GET /v1/subscriptions/{subscription_id}/keys", { path, query: after(cursor) });
}
