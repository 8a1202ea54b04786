/** Secrets of keys that were made in this tab. They are in memory only: whoever loses one makes another key. */
import { effect, signal } from "@preact/signals";

import type { CreatedKey } from "../../api/operations.ts";
import { call, session } from "./server.ts";

export const freshKeys = signal<readonly CreatedKey[]>([]);

export function keepFresh(keys: readonly CreatedKey[]): void {
  freshKeys.value = [...keys, ...freshKeys.value];
}

/** Makes the first key of each subscription that never had one. Returns how many were made. */
export async function makeFirstKeys(): Promise<number> {
  const { items } = await call("POST /v1/first-keys", {});
  keepFresh(items);
  return items.length;
}

effect(() => {
  if (session.address.value === null) freshKeys.value = [];
});
