/** The exit of a subscription, as the contract has it now. */
import type { Chain } from "../../flow/chain.ts";
import { SCRIPTS } from "../../flow/code.ts";
import type { CadenceValue } from "../../verify/sources/json_cdc.ts";

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

/** Throws ChainUnavailableError, and Error where the contract has no such subscription. */
export async function exitOf(chain: Chain, subscriptionId: string, now: number): Promise<Exit> {
  const answer = await chain.run(SCRIPTS.getExit, [{ type: "UInt64", value: subscriptionId }]);
  if (answer === null) throw new Error(`The contract has no subscription ${subscriptionId}.`);
  const told = answer as Readonly<Record<string, CadenceValue>>;
  return {
    noticeSeconds: seconds(told["noticeSeconds"]),
    graceSeconds: seconds(told["graceSeconds"]),
    exitAt: milliseconds(told["exitAt"]),
    possibleAt: milliseconds(told["possibleAt"]),
    isByProvider: told["isByProvider"] === true,
    epochLimit: BigInt(String(told["epochLimit"])),
    readAt: seconds(told["now"]) * 1_000,
    ahead: seconds(told["now"]) * 1_000 - now,
  };
}

function milliseconds(value: CadenceValue | undefined): number | null {
  return value === null || value === undefined ? null : seconds(value) * 1_000;
}

function seconds(value: CadenceValue | undefined): number {
  return Number(value) / 1e8;
}
