/** The wallet and the access node of Flow, as the deployment names them. */
import { ApiError } from "../../api/client.ts";
import { chainOf, type Chain } from "../../flow/chain.ts";
import { SCRIPTS } from "../../flow/code.ts";
import type { FlowDeployment } from "../../flow/deployment.ts";
import { WalletError } from "../../flow/errors.ts";
import { loadFcl } from "../../flow/load.ts";
import { walletOf, type Wallet } from "../../flow/wallet.ts";
import { list, text } from "../../verify/reading.ts";
import { isUnreachable } from "../text/failures.ts";
import { call, deploymentNow, session, subscriptions } from "./server.ts";

export interface OnFlow {
  readonly flow: FlowDeployment;
  readonly wallet: Wallet;
  readonly chain: Chain;
}

let made: OnFlow | null = null;

/** There is one of each for the whole page, since FCL is configured once. */
export function onFlow(flow: FlowDeployment): OnFlow {
  if (made === null || made.flow !== flow) {
    const chain = chainOf(flow);
    made = { flow, chain, wallet: walletOf({ flow, chain, load: loadFcl, origin: location.origin }) };
  }
  return made;
}

/** Lets a person choose a wallet and signs in with its account. Throws WalletError and ApiError. */
export async function signIn(flow: FlowDeployment): Promise<void> {
  const proof = await onFlow(flow).wallet.signIn(async () => (await call("POST /v1/auth/nonces", {})).nonce);
  session.begin(await call("POST /v1/auth/sessions", { body: proof }));
}

/** Ends the session, here and at the server, and disconnects the wallet. Returns whether the wallet is disconnected. */
export async function signOut(): Promise<boolean> {
  await session.end();
  try {
    await onFlow((await deploymentNow()).flow).wallet.disconnect();
    return true;
  } catch (error) {
    if (error instanceof WalletError || error instanceof ApiError || isUnreachable(error)) return false;
    throw error;
  }
}

const HELD_MAX = 10_000;
const DIGITS_MAX = 20;
const ids = list(text(DIGITS_MAX), HELD_MAX);

/** The ids of the subscriptions whose rights lie in an account's storage on Flow. Throws ChainUnavailableError. */
export async function heldBy(flow: FlowDeployment, address: string): Promise<readonly string[]> {
  const told = await onFlow(flow).chain.run(SCRIPTS.getSubscriptionIds, [{ type: "Address", value: address }]);
  return ids(told, "get_subscription_ids");
}

/** When the server is asked whether it has read a sealed transaction from Flow: it reads at least every five minutes. */
const READ_AGAIN_MS = [500, 2_000, 4_000, 8_000, 16_000, 30_000, 60_000, 120_000, 180_000, 240_000, 310_000];

/** Brings the account's subscriptions up to date after a transaction. */
export function readAgainSoon(): void {
  for (const pause of READ_AGAIN_MS) setTimeout(() => void subscriptions.reload(), pause);
}
