/** How far usage has come: metered, in a public statement, attested by Flare, charged on Flow. */
import type { Epoch, UsageState } from "../../api/operations.ts";

export type Stage = "pending" | "sealed" | "attested" | "settled";

/** The newest epochs that have come so far; null where none has. */
export interface Reached {
  readonly sealed: bigint | null;
  readonly attested: bigint | null;
  readonly settled: bigint | null;
}

const ATTESTED = new Set(["PROVEN", "CONFIRMED_ON_FLOW", "SETTLED"]);

/** The newest epoch that Flare has attested. Totals are cumulative: it attests all epochs before it too. */
export function newestAttested(epochs: readonly Pick<Epoch, "epoch" | "state">[]): bigint | null {
  return newest(epochs.filter(({ state }) => ATTESTED.has(state)).map(({ epoch }) => epoch));
}

/** The largest of several numbers of epochs, of which some may not be known. */
export function newest(epochs: readonly (string | null | undefined)[]): bigint | null {
  const known = epochs.filter((epoch): epoch is string => epoch != null).map(BigInt);
  return known.length === 0 ? null : known.reduce((one, other) => (one > other ? one : other));
}

/** The stage of a call that belongs to `epoch`, of which the API has told `state` at some time. */
export function stageOf(epoch: string, state: UsageState, reached: Reached): Stage {
  const number = BigInt(epoch);
  const has = (to: bigint | null) => to !== null && number <= to;
  if (state === "settled" || has(reached.settled)) return "settled";
  const isSealed = state === "sealed" || has(reached.sealed);
  if (!isSealed) return "pending";
  return has(reached.attested) ? "attested" : "sealed";
}

/** All usage of a subscription in rated micro-tokens, each part of it at the last stage that it has reached. */
export type Parts = Readonly<Record<Stage, bigint>>;

interface Totals {
  /** Metered, whether confirmed or not. */
  readonly metered: bigint;
  /** Cumulative totals; each counts what the next one counts too. */
  readonly sealed: bigint;
  readonly attested: bigint;
  readonly settled: bigint;
}

/** Messages and answers come at different moments, so a total may be told late: no part is ever negative. */
export function partsOf({ metered, sealed, attested, settled }: Totals): Parts {
  const attestedTo = max(attested, settled);
  const sealedTo = max(sealed, attestedTo);
  return {
    settled,
    attested: attestedTo - settled,
    sealed: sealedTo - attestedTo,
    pending: max(metered, sealedTo) - sealedTo,
  };
}

function max(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
