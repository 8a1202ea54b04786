import { signal, type ReadonlySignal } from "@preact/signals";

import { failureOf, type Failure } from "../text/failures.ts";

/** What was asked of the server: nothing yet, the newest answer, or why there is none. */
export type Loaded<T> =
  | { readonly name: "loading" }
  | { readonly name: "ready"; readonly value: T; readonly failure: Failure | null }
  | { readonly name: "failed"; readonly failure: Failure };

export interface Resource<T> {
  readonly state: ReadonlySignal<Loaded<T>>;
  /** Asks unless there is an answer already, or one is awaited. */
  readonly want: () => void;
  /** Asks again. What is shown stays until the answer is there; if it fails, that is said beside it. */
  readonly reload: () => Promise<void>;
  /** Forgets the answer: it was another account's. */
  readonly forget: () => void;
}

/** Something that the server tells, kept for all views that show it. */
export function resource<T>(load: () => Promise<T>): Resource<T> {
  const state = signal<Loaded<T>>({ name: "loading" });
  let asked = 0;
  let isAsking = false;

  async function reload(): Promise<void> {
    const mine = ++asked;
    isAsking = true;
    if (state.value.name === "failed") state.value = { name: "loading" };
    try {
      const value = await load();
      if (mine === asked) state.value = { name: "ready", value, failure: null };
    } catch (error) {
      if (mine !== asked) return;
      const before = state.peek();
      const failure = failureOf(error);
      state.value = before.name === "ready" ? { ...before, failure } : { name: "failed", failure };
    } finally {
      if (mine === asked) isAsking = false;
    }
  }

  return {
    state,
    reload,
    want: () => {
      if (!isAsking && state.peek().name !== "ready") void reload();
    },
    forget: () => {
      asked += 1;
      isAsking = false;
      state.value = { name: "loading" };
    },
  };
}
