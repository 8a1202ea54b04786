/** What both chains' coins and policies look like. */
import type { FlareNetwork, PolicyOnItsWay } from "../../../api/operations.ts";
import { decimalText } from "../../../verify/amounts.ts";

const WEI_DIGITS = 18;
const SHOWN_DIGITS = 4;

/** Wei as coins with four decimals, rounded down: `"1500000000000000000"` is `1.50`. */
export function weiText(wei: string): string {
  return decimalText(BigInt(wei) / 10n ** BigInt(WEI_DIGITS - SHOWN_DIGITS), SHOWN_DIGITS, 2);
}

/** The symbol of the coin that pays for transactions on a Flare network. */
export function coinOf(network: FlareNetwork): string {
  return network === "coston2" ? "C2FLR" : "FLR";
}

/** Whether a policy has the signatures that Flow asks for. */
export function isSigned({ signed_weight: signed, needed_weight: needed }: Pick<PolicyOnItsWay, "signed_weight" | "needed_weight">): boolean {
  return BigInt(signed) > BigInt(needed);
}
