/** Secrets of keys that were made in this tab. They are in memory only: whoever loses one makes another key. */
import { signal } from "@preact/signals";

import type { CreatedKey } from "../../api/operations.ts";
import { call, whenAccountChanges } from "./server.ts";

/** An answer has up to three. */
const KEYS_MAX = 60;

export const freshKeys = signal<readonly CreatedKey[]>([]);

/** Makes the first key of each subscription that never had one. */
export async function makeFirstKeys(): Promise<void> {
  const { items } = await call("POST /v1/first-keys", {});
  if (items.length > 0) freshKeys.value = [...items, ...freshKeys.value].slice(0, KEYS_MAX);
}

whenAccountChanges(() => {
  freshKeys.value = [];
});
