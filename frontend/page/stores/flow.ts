/** The wallet and the access node of Flow, as the deployment names them. */
import { ApiError } from "../../api/client.ts";
import { chainOf, type Chain } from "../../flow/chain.ts";
import { SCRIPTS } from "../../flow/code.ts";
import type { FlowDeployment } from "../../flow/deployment.ts";
import { WalletError } from "../../flow/errors.ts";
import { loadFcl } from "../../flow/load.ts";
import { walletOf, type Wallet } from "../../flow/wallet.ts";
import { having, list, orNull, text } from "../../verify/reading.ts";
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
const ADDRESS_CHARACTERS_MAX = 18;
const ids = list(text(DIGITS_MAX), HELD_MAX);
const answer = orNull(having({ owner: text(ADDRESS_CHARACTERS_MAX) }));

/** Subscriptions whose rights an account holds on Flow, and that the server does not list as the account's. */
export interface Unlisted {
  /** The contract records the account as their owner: the server has not read that yet. */
  readonly coming: readonly string[];
  /** The contract records another owner: they were moved into the account, and wait to be claimed. */
  readonly unclaimed: readonly string[];
}

/** The contract is asked for the owners of so many of them. */
const ASKED_MAX = 20;

/** Throws ChainUnavailableError. */
export async function unlistedOf(flow: FlowDeployment, address: string): Promise<Unlisted> {
  const { chain } = onFlow(flow);
  await subscriptions.known();
  const state = subscriptions.state.peek();
  const listed = new Set(state.name === "ready" ? state.value.map((one) => one.subscription.subscription_id) : []);
  const held = ids(await chain.run(SCRIPTS.getSubscriptionIds, [{ type: "Address", value: address }]), "get_subscription_ids");
  const asked = held.filter((id) => !listed.has(id)).slice(0, ASKED_MAX);
  const owners = await Promise.all(
    asked.map(async (id) => answer(await chain.run(SCRIPTS.getSubscription, [{ type: "UInt64", value: id }]), "get_subscription")?.owner),
  );
  return {
    coming: asked.filter((_, place) => owners[place] === address),
    unclaimed: asked.filter((_, place) => owners[place] !== undefined && owners[place] !== address),
  };
}

/** When the server is asked whether it has read a sealed transaction from Flow: it reads at least every five minutes. */
const READ_AGAIN_MS = [500, 2_000, 4_000, 8_000, 16_000, 30_000, 60_000, 120_000, 180_000, 240_000, 310_000];

/** Brings the account's subscriptions up to date after a transaction. */
export function readAgainSoon(): void {
  for (const pause of READ_AGAIN_MS) setTimeout(() => void subscriptions.reload(), pause);
}
