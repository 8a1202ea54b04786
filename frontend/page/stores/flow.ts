/** The wallet and the access node of Flow, as the deployment names them. */
import { chainOf, type Chain } from "../../flow/chain.ts";
import type { FlowDeployment } from "../../flow/deployment.ts";
import { loadFcl } from "../../flow/load.ts";
import { walletOf, type Wallet } from "../../flow/wallet.ts";
import { call, session, subscriptions } from "./server.ts";

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

/** When the events of a sealed transaction are read: usually within a few seconds. */
const READ_AGAIN_MS = [500, 2_000, 4_000, 8_000, 16_000, 30_000];

/** Brings the account's subscriptions up to date after a transaction. */
export function readAgainSoon(): void {
  for (const pause of READ_AGAIN_MS) setTimeout(() => void subscriptions.reload(), pause);
}
