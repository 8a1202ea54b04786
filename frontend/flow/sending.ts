/**
 * Signs and sends an owner's transaction, and tells how far it is until its outcome is known.
 *
 * The id is known before anything is sent. So a lost answer is no failure: the chain is asked what became of the id.
 */
import type { Chain, TransactionResult } from "./chain.ts";
import type { FlowDeployment } from "./deployment.ts";
import { ChainUnavailableError } from "./errors.ts";
import type { Failure } from "./failures.ts";
import { expired, failureBeforeSending, failureOfNode, failureOnChain, unknownOutcome } from "./failures.ts";
import type { OwnerTransaction } from "./transactions.ts";
import type { Wallet } from "./wallet.ts";

/**
 * `wallet`: it waits for the person to approve. `sent`: the network has it. `in_block`: it is executed and will be
 * sealed within seconds. `sealed`: it has happened. `failed`: it has not, and cannot any more. `unknown`: it may have.
 */
export type Progress =
  | { readonly step: "wallet" }
  | { readonly step: "sent"; readonly id: string }
  | { readonly step: "in_block"; readonly id: string }
  | { readonly step: "sealed"; readonly id: string; readonly fee: bigint | null }
  | { readonly step: "failed"; readonly id: string | null; readonly failure: Failure }
  | { readonly step: "unknown"; readonly id: string; readonly failure: Failure };

export interface Sender {
  readonly flow: FlowDeployment;
  readonly wallet: Pick<Wallet, "sign">;
  readonly chain: Pick<Chain, "transaction">;
  readonly pause: (milliseconds: number) => Promise<void>;
  /** The account that signs. */
  readonly signer: string;
}

/** How often the chain is asked, and how long: a transaction that is not executed in ten minutes expires. */
export const ASK_MS = 1_000;
export const ASKS_MAX = 660;
/** After a lost answer, how often in a row the node may know nothing of it; and after a refusal by the node itself. */
export const ASKS_UNKNOWN_MAX = 30;
const ASKS_REFUSED_MAX = 5;
/** How often in a row the node may give no answer at all. */
export const ASKS_SILENT_MAX = 60;

/** Reports each step to `onProgress`, and returns the last one: `sealed`, `failed` or `unknown`. Never throws. */
export async function sendTransaction(
  sender: Sender,
  transaction: OwnerTransaction,
  code: string,
  onProgress: (progress: Progress) => void,
): Promise<Progress> {
  const report = reporting(onProgress);
  const signed = await sign(sender, transaction, code, report);
  if ("step" in signed) return signed;
  return report(await outcome(sender, signed.id, signed.sendingFailed, report));
}

/** Looks again what became of a transaction whose outcome was unknown. */
export async function followTransaction(
  sender: Sender,
  id: string,
  onProgress: (progress: Progress) => void,
): Promise<Progress> {
  const report = reporting(onProgress);
  report({ step: "sent", id });
  return report(await outcome(sender, id, "The outcome was unknown.", report));
}

/** Tells a step, and returns it. */
type Report = (progress: Progress) => Progress;

function reporting(onProgress: (progress: Progress) => void): Report {
  return (progress) => {
    onProgress(progress);
    return progress;
  };
}

/** The id, once all is signed; or the failure, where nothing was sent. */
async function sign(
  sender: Sender,
  transaction: OwnerTransaction,
  code: string,
  report: Report,
): Promise<Progress | { readonly id: string; readonly sendingFailed: string | null }> {
  const { signer } = sender;
  let id: string | null = null;
  report({ step: "wallet" });
  try {
    await sender.wallet.sign({ signer, code, args: transaction.args, onSigned: (signed) => (id = signed) });
  } catch (error) {
    if (id === null) return report({ step: "failed", id, failure: failureBeforeSending(error, sender.flow) });
    return { id, sendingFailed: String(error) };
  }
  if (id === null) throw new Error("The wallet sent a transaction without telling its id.");
  report({ step: "sent", id });
  return { id, sendingFailed: null };
}

async function outcome(
  { flow, chain, pause }: Sender,
  id: string,
  sendingFailed: string | null,
  report: Report,
): Promise<Progress> {
  let isInBlock = false;
  let unknown = 0;
  let silent = 0;
  for (let asked = 0; asked < ASKS_MAX; asked += 1) {
    // A node that was just sent a transaction may not know it in the same moment.
    await pause(ASK_MS);
    const result = await resultOrNull(chain, id);
    if (result?.state === "expired") return { step: "failed", id, failure: expired() };
    if (result?.state === "sealed") return sealed(id, result, flow);
    if (result?.state === "in_block" && !isInBlock) {
      isInBlock = true;
      report({ step: "in_block", id });
    }
    silent = result === null ? silent + 1 : 0;
    if (result !== null) unknown = result.state === "unknown" ? unknown + 1 : 0;
    if (sendingFailed !== null) {
      const refusal = failureOfNode(sendingFailed, flow);
      if (refusal !== null && unknown >= ASKS_REFUSED_MAX) return { step: "failed", id, failure: refusal };
      if (unknown >= ASKS_UNKNOWN_MAX) break;
    }
    if (silent >= ASKS_SILENT_MAX) break;
  }
  return { step: "unknown", id, failure: unknownOutcome(sendingFailed) };
}

function sealed(id: string, result: TransactionResult, flow: FlowDeployment): Progress {
  if (result.error !== null) return { step: "failed", id, failure: failureOnChain(result.error, flow) };
  return { step: "sealed", id, fee: result.fee };
}

async function resultOrNull(chain: Sender["chain"], id: string): Promise<TransactionResult | null> {
  try {
    return await chain.transaction(id);
  } catch (error) {
    if (error instanceof ChainUnavailableError) return null;
    throw error;
  }
}
