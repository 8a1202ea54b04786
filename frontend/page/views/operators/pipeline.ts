/** How far epochs are, and what holds them up. */
import type { Epoch, State } from "../../../api/operations.ts";

const ATTESTED: ReadonlySet<State> = new Set(["PROVEN", "CONFIRMED_ON_FLOW", "SETTLED"]);
/** From this age on of the oldest epoch that is not charged, somebody should look why. */
const FAR_SECONDS = 3_600;

/** When the newest epoch ended that is attested or settled; null if none of these is. Totals are cumulative. */
export function endOf(epochs: readonly Pick<Epoch, "epoch" | "state" | "ends_at">[], stage: "attested" | "settled"): string | null {
  const reached = epochs.filter(({ state }) => (stage === "settled" ? state === "SETTLED" : ATTESTED.has(state)));
  return reached.toSorted((one, other) => (BigInt(one.epoch) > BigInt(other.epoch) ? -1 : 1))[0]?.ends_at ?? null;
}

/** Epochs that are on their way and of which something went wrong, with what it was last. */
export function heldUp(epochs: readonly Pick<Epoch, "epoch" | "state" | "reasons">[]) {
  return epochs.flatMap(({ epoch, state, reasons }) => {
    const reason = reasons.at(-1);
    return reason === undefined || state === "SETTLED" || state === "SKIPPED" ? [] : [{ epoch, reason }];
  });
}

export function isFar(lagSeconds: number): boolean {
  return lagSeconds >= FAR_SECONDS;
}
