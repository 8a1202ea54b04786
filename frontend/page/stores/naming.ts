/** Names of keys that are asked for again when a key turns up that has none yet. */
import { computed, type ReadonlySignal } from "@preact/signals";

import type { Key } from "../../api/operations.ts";
import { resource } from "./resource.ts";

export type Naming = (keyHash: string | null) => string;
type Named = Pick<Key, "key_hash" | "alias">;

export interface KeyNames {
  /** A function from hashes of keys to their names; to the beginning of the hash where a name is not known. */
  readonly naming: ReadonlySignal<Naming>;
  readonly want: () => void;
  readonly reload: () => Promise<void>;
}

/** Names by `load`, which is asked again, once for each key, when a key turns up that it has not told of. */
export function namesFrom(load: () => Promise<readonly Named[]>): KeyNames {
  const keys = resource(load);
  const missed = new Set<string>();

  function missing(keyHash: string): void {
    if (keys.state.peek().name !== "ready" || missed.has(keyHash)) return;
    missed.add(keyHash);
    void keys.reload();
  }

  const naming = computed<Naming>(() => {
    const state = keys.state.value;
    const names = new Map(state.name === "ready" ? state.value.map(({ key_hash, alias }) => [key_hash, alias]) : []);
    return (keyHash) => {
      if (keyHash === null) return "Unknown key";
      if (!names.has(keyHash)) missing(keyHash);
      return names.get(keyHash) || `Key ${keyHash.slice(0, 8)}`;
    };
  });
  return { naming, want: keys.want, reload: keys.reload };
}
