/** The exit of a subscription, as the contract has it now. */
import type { Chain } from "../../flow/chain.ts";
import { SCRIPTS } from "../../flow/code.ts";
import { count, flag, having, orNull, type Reader } from "../../verify/reading.ts";

export interface Exit {
  readonly noticeSeconds: number;
  readonly graceSeconds: number;
  /** When the notice ends, in milliseconds; null while no exit is requested. */
  readonly exitAt: number | null;
  /** When the money can be taken out, in milliseconds. New statements move it until the notice ends. */
  readonly possibleAt: number | null;
  readonly isByProvider: boolean;
  /** The most that one settlement may charge, in 1e-8. */
  readonly epochLimit: bigint;
  /** When Flow was asked, by its own clock, in milliseconds. */
  readonly readAt: number;
  /** By how much Flow's clock is ahead of this device's, in milliseconds. */
  readonly ahead: number;
}

/** A time of the contract, which comes in units of 1e-8 seconds. */
const seconds: Reader<number> = (given, at) => Number(count()(given, at)) / 1e8;
const milliseconds: Reader<number> = (given, at) => Number(count()(given, at)) / 1e5;

const told = having({
  noticeSeconds: seconds,
  graceSeconds: seconds,
  exitAt: orNull(milliseconds),
  possibleAt: orNull(milliseconds),
  isByProvider: flag,
  epochLimit: count(),
  now: milliseconds,
});

/** Throws ChainUnavailableError, and Error where the contract has no such subscription. */
export async function exitOf(chain: Chain, subscriptionId: string, now: number): Promise<Exit> {
  const answer = await chain.run(SCRIPTS.getExit, [{ type: "UInt64", value: subscriptionId }]);
  if (answer === null) throw new Error(`The contract has no subscription ${subscriptionId}.`);
  const { now: readAt, ...exit } = told(answer, "get_exit");
  return { ...exit, readAt, ahead: readAt - now };
}
