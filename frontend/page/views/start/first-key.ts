/** Asks for the first key of a subscription until it is made. */
import { failureOf, type Failure } from "../../text/failures.ts";

/** A new subscription allows keys once FlareFlow has read it from Flow, which is five minutes later at most. */
const ASK_MS = 5_000;
export const ASKS_MAX = 84;
/** So many failures in a row are told; fewer are overcome. */
const FAILURES_MAX = 3;

/** `had`: it has keys that were made before. `waits`: none could be made in all this time. */
export type Outcome =
  | { readonly name: "made" }
  | { readonly name: "had" }
  | { readonly name: "waits" }
  | { readonly name: "failed"; readonly failure: Failure };

export interface Asking {
  /** Whether the key was made in this tab. */
  readonly isMade: () => boolean;
  /** Whether the server has keys of the subscription. */
  readonly hasKeys: () => Promise<boolean>;
  /** Asks the server to make first keys. */
  readonly make: () => Promise<unknown>;
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Nobody waits for it any more. */
  readonly isOver: () => boolean;
}

export async function firstKey({ isMade, hasKeys, make, pause, isOver }: Asking): Promise<Outcome> {
  let failures = 0;
  for (let ask = 0; ask < ASKS_MAX && !isOver(); ask += 1) {
    try {
      if (isMade()) return { name: "made" };
      if (await hasKeys()) return { name: "had" };
      await make();
      if (isMade()) return { name: "made" };
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures === FAILURES_MAX) return { name: "failed", failure: failureOf(error) };
    }
    await pause(ASK_MS);
  }
  return { name: "waits" };
}
