/** What an owner calls the keys of a subscription. */
import { computed, type ReadonlySignal } from "@preact/signals";

import type { Key } from "../../api/operations.ts";
import { call } from "./server.ts";
import { resource, type Resource } from "./resource.ts";

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
  const found: Key[] = [];
  let cursor: string | null = null;
  for (let part = 0; part < PARTS_MAX; part += 1) {
    const query: { cursor?: string } = cursor === null ? {} : { cursor };
    const path = { subscription_id: subscriptionId };
    const page: { readonly items: readonly Key[]; readonly next_cursor: string | null } = await call(
      "GET /v1/subscriptions/{subscription_id}/keys",
      { path, query },
    );
    found.push(...page.items);
    cursor = page.next_cursor;
    if (cursor === null) break;
  }
  return found;
}
