/// <reference path="./modules.d.ts" />
/**
 * The real FCL, in a chunk of its own that a browser loads when a wallet is wanted.
 */
import type { Fcl } from "./fcl.ts";

export async function loadFcl(): Promise<Fcl> {
  return (await import("@onflow/fcl")) as unknown as Fcl;
}
