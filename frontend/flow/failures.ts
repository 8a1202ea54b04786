/**
 * Failures of wallets and transactions in people's words: what happened, and what to do.
 */
import type { FlowDeployment } from "./deployment.ts";
import { networkName } from "./deployment.ts";
import { WalletError } from "./errors.ts";

export type FailureKind =
  | "declined"
  | "closed"
  | "popup_blocked"
  | "busy"
  | "not_enough_flow"
  | "expired"
  | "wrong_network"
  | "other_account"
  | "no_network"
  | "refused"
  | "unknown_outcome"
  | "other";

export interface Failure {
  readonly kind: FailureKind;
  /** What happened, as a heading. */
  readonly title: string;
  /** The same with what it means. */
  readonly detail: string;
  readonly whatToDo: string;
  /** What the wallet, the network or the contract said, for support; null where it said nothing. */
  readonly said: string | null;
}

const ONLY_THE_FEE = "Nothing but the network fee was paid.";
const RECONNECT =
  "Try again. If it fails again, sign out in the account menu, which disconnects the wallet, and connect it again.";
const NOTHING_SENT = "Nothing was sent, and nothing was paid.";

/** The wallet's account is not one of the network that this deployment uses. */
export function wrongNetwork(flow: FlowDeployment, said: string | null = null): Failure {
  const network = networkName(flow.network);
  return {
    kind: "wrong_network",
    title: "The wallet is on another network",
    detail: `This page uses ${network}, where the wallet's account is not known. ${NOTHING_SENT}`,
    whatToDo: `Switch the wallet to ${network}. Sign out in the account menu if you are signed in, and connect the wallet again.`,
    said,
  };
}

/** The wallet is connected with another account than the one that is signed in here. */
export function otherAccount(connected: string, wanted: string): Failure {
  return {
    kind: "other_account",
    title: "The wallet is connected with another account",
    detail: `You are signed in with ${wanted}, and the wallet would sign as ${connected}. ${NOTHING_SENT}`,
    whatToDo: `Switch the wallet to ${wanted} and try again, or sign in with the other account.`,
    said: null,
  };
}

/** What wallets and FCL say before anything is sent, in the order in which it is looked for. */
const BEFORE_SENDING: readonly (readonly [RegExp, Pick<Failure, "kind" | "title" | "detail" | "whatToDo">])[] = [
  [
    /externally halted|aborted|window (was )?closed|user closed/i,
    {
      kind: "closed",
      title: "The wallet was closed",
      detail: "The wallet's window was closed before you approved.",
      whatToDo: "Start again, and approve in the wallet.",
    },
  ],
  [
    /popup|tab failed to open|blocked by/i,
    {
      kind: "popup_blocked",
      title: "The browser blocked the wallet",
      detail: "The browser did not let the wallet's window open.",
      whatToDo: "Allow pop-ups for this page, and start again.",
    },
  ],
  [
    /multiple frames/i,
    {
      kind: "busy",
      title: "The wallet is already open",
      detail: "A window of the wallet is still open.",
      whatToDo: "Finish or close what is open in the wallet, and start again.",
    },
  ],
  [
    /declined|reject|denied|cancel/i,
    {
      kind: "declined",
      title: "You declined",
      detail: "Nothing was approved in the wallet.",
      whatToDo: "Start again if you want to do it after all.",
    },
  ],
  [
    /fetch|network ?error|timed? ?out|http request error|load failed|getting chainId/i,
    {
      kind: "no_network",
      title: "Flow cannot be reached",
      detail: "The wallet, or Flow itself, gave no answer.",
      whatToDo: "Look at your connection, and try again in a minute.",
    },
  ],
];

const OF_ANOTHER_NETWORK = /wrong network|network mismatch|switch (your )?network|different network/i;

/** A failure before anything was sent: in the wallet, or on the way to it. */
export function failureBeforeSending(error: unknown, flow: FlowDeployment): Failure {
  if (error instanceof WalletError) return error.failure;
  const text = textOf(error);
  const said = clipped(text);
  if (OF_ANOTHER_NETWORK.test(text) || isNoAccount(text)) return wrongNetwork(flow, said);
  const known = BEFORE_SENDING.find(([pattern]) => pattern.test(text))?.[1];
  if (known !== undefined) return { ...known, detail: `${known.detail} ${NOTHING_SENT}`, said };
  return {
    kind: "other",
    title: "The wallet could not do it",
    detail: NOTHING_SENT,
    whatToDo: RECONNECT,
    said,
  };
}

/** Why the access node did not take a signed transaction; null where it may have taken it. */
export function failureOfNode(error: string, flow: FlowDeployment): Failure | null {
  if (!/statusCode=400/.test(error)) return null;
  const said = clipped(/responseBody=(.*)/.exec(error)?.[1] ?? error);
  if (/expired/i.test(said)) return expired(said);
  if (/insufficient/i.test(said)) return notEnough("FLOW", NOTHING_SENT, flow, said);
  return {
    kind: "refused",
    title: "The network did not take it",
    detail: `Flow found the transaction invalid. ${NOTHING_SENT}`,
    whatToDo: RECONNECT,
    said,
  };
}

/** What undid a transaction that was executed: only the network fee was paid. */
export function failureOnChain(error: string, flow: FlowDeployment): Failure {
  const code = Number(/\[Error Code: (\d+)\]/.exec(error)?.[1] ?? 0);
  const said = saidByContract(error);
  if (code === 1118 || code === 1109) return notEnough("FLOW", ONLY_THE_FEE, flow, said);
  if (/greater than the balance of the Vault|less than or equal than the balance/i.test(error)) {
    return notEnough(flow.token.symbol, ONLY_THE_FEE, flow, said);
  }
  if (code === 1103) {
    return {
      kind: "not_enough_flow",
      title: "Not enough FLOW for storage",
      detail: `Flow asks every account to keep a little FLOW for what it stores. ${ONLY_THE_FEE}`,
      whatToDo: "Leave at least 0.01 FLOW in your wallet: put more in, or choose a smaller amount.",
      said,
    };
  }
  if (code === 1003) return expired(said);
  if (code >= 1006 && code <= 1009) {
    return {
      kind: "other",
      title: "Another transaction of yours came first",
      detail: `The wallet's signature did not fit any more. ${ONLY_THE_FEE}`,
      whatToDo: "Wait until your other transaction is done, and try again.",
      said,
    };
  }
  return refusal(said);
}

function notEnough(symbol: string, paid: string, flow: FlowDeployment, said: string): Failure {
  return {
    kind: "not_enough_flow",
    title: `Not enough ${symbol}`,
    detail: `Your wallet holds less ${symbol} than this takes. ${paid}`,
    whatToDo: `Put more ${symbol} into your wallet on ${networkName(flow.network)}, or choose a smaller amount.`,
    said,
  };
}

/** It was not executed in time, and never will be. */
export function expired(said: string | null = null): Failure {
  return {
    kind: "expired",
    title: "The transaction expired",
    detail: "The network did not take it within ten minutes, so it can no longer happen. Nothing was paid.",
    whatToDo: "Try again. It is safe: the old transaction is void.",
    said,
  };
}

/** It may have happened or not: the network was sent it, and what became of it is not known. */
export function unknownOutcome(said: string | null = null): Failure {
  return {
    kind: "unknown_outcome",
    title: "It is not known yet whether it happened",
    detail: "The transaction was signed and sent, but Flow has not told what became of it.",
    whatToDo:
      "Do not sign it again yet. Look at your balance or the explorer in a few minutes; after ten minutes a transaction " +
      "that was not executed is void.",
    said,
  };
}

/** What the contracts say, in the order in which it is looked for; `$1` and so on are parts of the message. */
const REFUSALS: readonly (readonly [RegExp, string, string])[] = [
  [
    /version (\d+) of plan \d+ is in force, not (\d+)/,
    "The prices changed: version $1 of this plan is in force now, not version $2.",
    "Read the new prices, and accept them if you agree.",
  ],
  [
    /plan \d+ needs a deposit of ([\d.]+) or more, not ([\d.]+)/,
    "This plan needs a balance of $1 or more, not $2.",
    "Choose a larger amount, or top up first.",
  ],
  [/there is no plan/, "This plan is no longer on offer.", "Choose another plan."],
  [
    /new subscriptions are stopped until/,
    "The operator has stopped new subscriptions for now.",
    "Try again later.",
  ],
  [
    /takes effect before an owner who opens now could leave/,
    "The contract changes soon, and whoever subscribed now could not leave before.",
    "Try again when the change is over.",
  ],
  [
    /the notice of subscription \d+ ends at/,
    "The notice is not over yet, or a statement from before its end is still being settled.",
    "Wait until the countdown is over.",
  ],
  [/subscription \d+ has ([\d.]+), not ([\d.]+)/, "The balance is $1, less than $2.", "Choose a smaller amount."],
  [/the exit of subscription \d+ is requested already/, "You are leaving already.", "Load the page again."],
  [/no exit of subscription \d+ is requested/, "You are not leaving.", "Load the page again."],
  [
    /the provider ends subscription/,
    "The operator ends this subscription, and that cannot be taken back here.",
    "Take out your balance after the notice.",
  ],
  [/subscription \d+ is closed/, "This subscription is closed.", "Open a new one."],
  [
    /the signer holds no subscriptions|is not held here/,
    "The connected account does not own this subscription.",
    "Connect the wallet of its owner.",
  ],
  [/is recorded for (\S+); claim it first/, "It is recorded for $1.", "Claim it first, then try again."],
  [
    /has published no holder/,
    "The other account does not take subscriptions yet.",
    "Ask its owner to sign “Let others give you subscriptions” under Account on this page first.",
  ],
  [/the signer has no vault at/, "Your wallet does not hold this token.", "Set the token up in your wallet."],
  [/publishes no receiver at/, "Your account cannot receive this token.", "Set the token up in your wallet."],
  [/the payment is empty/, "The amount is zero.", "Choose an amount above zero."],
];

function refusal(said: string): Failure {
  for (const [pattern, detail, whatToDo] of REFUSALS) {
    const match = pattern.exec(said);
    if (match === null) continue;
    return {
      kind: "refused",
      title: "The contract refused",
      detail: `${detail.replace(/\$(\d)/g, (_, part: string) => trimmed(match[Number(part)] ?? ""))} ${ONLY_THE_FEE}`,
      whatToDo,
      said,
    };
  }
  return {
    kind: "refused",
    title: "The contract refused",
    detail: `Flow executed the transaction and undid it. ${ONLY_THE_FEE}`,
    whatToDo: "Load the page again, and try once more. If it fails again, tell support what is written below.",
    said,
  };
}

/** A number without decimals that are zero. */
function trimmed(text: string): string {
  return text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

/** The sentence of the contract in an error of Flow's, which has the code around it. */
function saidByContract(error: string): string {
  const said = /error: (?:panic: |pre-condition failed: |post-condition failed: |assertion failed: )?(.+)/.exec(error)?.[1];
  return clipped(said ?? error);
}

function isNoAccount(text: string): boolean {
  return /path=\/v1\/accounts\//.test(text) && /statusCode=404/.test(text);
}

function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ");
}

function clipped(text: string): string {
  return text.trim().slice(0, 500);
}
