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
  /** Asks unless there is an answer already, and waits for it; a failure is in `state`. */
  readonly known: () => Promise<void>;
  /**
   * Asks again: once more after the request that is under way, if there is one, however often this is called meanwhile.
   * What is shown stays until the answer is there; if it fails, that is said beside it.
   */
  readonly reload: () => Promise<void>;
  /** Forgets the answer: it was another account's. */
  readonly forget: () => void;
}

/** Something that the server tells, kept for all views that show it. */
export function resource<T>(load: () => Promise<T>): Resource<T> {
  const state = signal<Loaded<T>>({ name: "loading" });
  let asked = 0;
  let asking: Promise<void> | null = null;
  /** The request after the one that is under way. */
  let next: Promise<void> | null = null;

  function reload(): Promise<void> {
    if (next !== null) return next;
    if (asking === null) return begin();
    const of = asked;
    next = asking.then(() => {
      if (of !== asked) return;
      next = null;
      return begin();
    });
    return next;
  }

  function begin(): Promise<void> {
    const mine = ask().finally(() => {
      if (asking === mine) asking = null;
    });
    asking = mine;
    return mine;
  }

  async function ask(): Promise<void> {
    const mine = ++asked;
    if (state.peek().name === "failed") state.value = { name: "loading" };
    try {
      const value = await load();
      if (mine === asked) state.value = { name: "ready", value, failure: null };
    } catch (error) {
      if (mine !== asked) return;
      const before = state.peek();
      const failure = failureOf(error);
      state.value = before.name === "ready" ? { ...before, failure } : { name: "failed", failure };
    }
  }

  return {
    state,
    reload,
    known: async () => {
      if (state.peek().name !== "ready") await (asking ?? reload());
    },
    want: () => {
      if (asking === null && state.peek().name === "loading") void reload();
    },
    forget: () => {
      asked += 1;
      asking = next = null;
      state.value = { name: "loading" };
    },
  };
}
