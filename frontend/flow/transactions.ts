/**
 * What an owner can do on Flow: one function for each Cadence transaction that an owner signs.
 *
 * Each returns what a person has to know before signing, and what is to be signed. Nothing is sent here.
 */
import { cadenceText, moneyText } from "../verify/amounts.ts";
import type { Argument } from "./chain.ts";

/** The files of `infra/cadence/transactions/subscriptions` that owners sign. */
export type TransactionName =
  | "open_subscription"
  | "top_up"
  | "set_spend_cap"
  | "set_epoch_limit"
  | "change_plan"
  | "request_exit"
  | "cancel_exit"
  | "withdraw"
  | "close_subscription"
  | "publish_holder"
  | "move_ownership"
  | "claim";

export interface OwnerTransaction {
  readonly name: TransactionName;
  /** What it is called, as a heading. */
  readonly title: string;
  /** What it does, before it is signed. */
  readonly does: string;
  /** What it costs beside the network fee. */
  readonly costs: string;
  /** What has happened, once it is sealed. */
  readonly done: string;
  /** The tokens that it takes from the wallet, in 1e-8. */
  readonly takes: bigint;
  readonly args: readonly Argument[];
}

/**
 * Units of computation that a transaction may use. The dearest, opening the first subscription among 100,000, uses 173
 * (docs/contract-costs.md); a wallet must own the fee of the limit, so it is not much higher.
 */
export const COMPUTE_LIMIT = 300;

/** The network's fee of a transaction, in 1e-8 FLOW: what an account must own to send it, and the most that was measured. */
export const FEE_MAX = feeOf(COMPUTE_LIMIT);
export const FEE_USUAL = feeOf(175);

/** Flow takes 0.0001 FLOW for a transaction and 0.00004 FLOW for a unit of computation. */
function feeOf(units: number): bigint {
  return 10_000n + 4_000n * BigInt(units);
}

const NOTHING_BUT_THE_FEE = "It moves no money.";

export function openSubscription(plan: Version, deposit: bigint, symbol: string): OwnerTransaction {
  return {
    name: "open_subscription",
    title: "Open a subscription",
    does:
      `It opens a subscription on plan ${plan.planId}, version ${plan.planVersion}, with a deposit of ` +
      `${moneyText(deposit)} ${symbol}. The deposit is held by a contract. Only attested usage can be charged to it, ` +
      "and you can take the rest out.",
    costs: `${moneyText(deposit)} ${symbol} move from your wallet into the deposit.`,
    done: `The subscription is open, with a deposit of ${moneyText(deposit)} ${symbol}.`,
    takes: deposit,
    args: [uint64(plan.planId), uint64(plan.planVersion), ufix64(deposit)],
  };
}

export function topUp(subscriptionId: string, amount: bigint, symbol: string): OwnerTransaction {
  return {
    name: "top_up",
    title: "Top up",
    does:
      `It adds ${moneyText(amount)} ${symbol} to the deposit of subscription ${subscriptionId}. ` +
      "If something is owed, it is charged at once.",
    costs: `${moneyText(amount)} ${symbol} move from your wallet into the deposit.`,
    done: `${moneyText(amount)} ${symbol} are in the deposit.`,
    takes: amount,
    args: [uint64(subscriptionId), ufix64(amount)],
  };
}

/** `limit`: tokens in 30 days; null takes the cap away. */
export function setSpendCap(subscriptionId: string, limit: bigint | null, symbol: string): OwnerTransaction {
  const title = limit === null ? "Remove the spend cap" : "Set the spend cap";
  return {
    name: "set_spend_cap",
    title,
    does:
      limit === null
        ? `It lets subscription ${subscriptionId} be charged without a limit for 30 days, up to its balance.`
        : `It lets subscription ${subscriptionId} be charged ${moneyText(limit)} ${symbol} in 30 days at most. A ` +
          "period that has begun goes on. What exceeds the cap stays owed until the next period or a higher cap, and " +
          "calls are refused meanwhile.",
    costs: `${NOTHING_BUT_THE_FEE} If something is owed and the new cap allows it, it is charged at once.`,
    done: limit === null ? "The spend cap is gone." : `The spend cap is ${moneyText(limit)} ${symbol} in 30 days.`,
    takes: 0n,
    args: [uint64(subscriptionId), { type: "UFix64?", value: limit === null ? null : cadenceText(limit) }],
  };
}

/** `limit`: tokens that one epoch may charge. */
export function setEpochLimit(subscriptionId: string, limit: bigint, symbol: string): OwnerTransaction {
  return {
    name: "set_epoch_limit",
    title: "Set the limit of one settlement",
    does:
      `It lets one settlement charge subscription ${subscriptionId} ${moneyText(limit)} ${symbol} at most. What ` +
      "exceeds it stays owed, and later settlements charge it.",
    costs: `${NOTHING_BUT_THE_FEE} If something is owed and the new limit allows it, it is charged at once.`,
    done: `One settlement charges ${moneyText(limit)} ${symbol} at most.`,
    takes: 0n,
    args: [uint64(subscriptionId), ufix64(limit)],
  };
}

export function changePlan(subscriptionId: string, plan: Version): OwnerTransaction {
  const named = `plan ${plan.planId}, version ${plan.planVersion}`;
  return {
    name: "change_plan",
    title: "Change the plan",
    does:
      `It puts subscription ${subscriptionId} on ${named}. Usage up to the next settlement is still billed by the ` +
      "present plan, later usage by the new one.",
    costs: NOTHING_BUT_THE_FEE,
    done: `The change to ${named} is accepted. It is in force from the next settlement on.`,
    takes: 0n,
    args: [uint64(subscriptionId), uint64(plan.planId), uint64(plan.planVersion)],
  };
}

/** `notice`: how long the notice lasts, in words. */
export function requestExit(subscriptionId: string, notice: string): OwnerTransaction {
  return {
    name: "request_exit",
    title: "Leave",
    does:
      `It announces that you leave subscription ${subscriptionId}. From now on its keys make no more calls. After a ` +
      `notice of ${notice}, in which usage so far is settled, you can take out what is left. Until then you can stay ` +
      "after all.",
    costs: NOTHING_BUT_THE_FEE,
    done: `The notice of ${notice} has begun. After it you can take out what is left.`,
    takes: 0n,
    args: [uint64(subscriptionId)],
  };
}

export function cancelExit(subscriptionId: string): OwnerTransaction {
  return {
    name: "cancel_exit",
    title: "Stay",
    does: `It takes back that you leave subscription ${subscriptionId}. Its keys work again within a minute.`,
    costs: NOTHING_BUT_THE_FEE,
    done: "The subscription goes on.",
    takes: 0n,
    args: [uint64(subscriptionId)],
  };
}

export function withdraw(subscriptionId: string, amount: bigint, symbol: string): OwnerTransaction {
  return {
    name: "withdraw",
    title: "Take out a part",
    does:
      `It pays ${moneyText(amount)} ${symbol} of subscription ${subscriptionId} to your wallet. What is owed is ` +
      "charged first. The rest stays in the deposit, to be taken out whenever you want.",
    costs: "The amount comes to you. What is owed, if anything, is charged.",
    done: `${moneyText(amount)} ${symbol} are in your wallet.`,
    takes: 0n,
    args: [uint64(subscriptionId), ufix64(amount)],
  };
}

export function closeSubscription(subscriptionId: string, symbol: string): OwnerTransaction {
  return {
    name: "close_subscription",
    title: "Close and take out everything",
    does:
      `It ends subscription ${subscriptionId} for good and pays the whole balance, in ${symbol}, to your wallet. What ` +
      "is owed is charged first. Its keys are deleted. Receipts and statements stay.",
    costs: "The balance comes to you. What is owed, if anything, is charged.",
    done: "The subscription is closed, and its balance is in your wallet.",
    takes: 0n,
    args: [uint64(subscriptionId)],
  };
}

export function publishHolder(): OwnerTransaction {
  return {
    name: "publish_holder",
    title: "Let others give you subscriptions",
    does:
      "It lets other accounts move their subscriptions to yours. They can only give; they can neither see into your " +
      "account nor take anything.",
    costs: NOTHING_BUT_THE_FEE,
    done: "Other accounts can move subscriptions to yours now.",
    takes: 0n,
    args: [],
  };
}

/** `recipient`: the account that becomes the owner; it has signed `publishHolder` before. */
export function moveOwnership(subscriptionId: string, recipient: string): OwnerTransaction {
  return {
    name: "move_ownership",
    title: "Give the subscription away",
    does:
      `It makes ${recipient} the owner of subscription ${subscriptionId}, with its whole deposit. You lose every ` +
      "right to it, its keys end, and only the new owner can give it back.",
    costs: "The deposit belongs to the new owner.",
    done: `${recipient} is the owner now.`,
    takes: 0n,
    args: [uint64(subscriptionId), { type: "Address", value: recipient }],
  };
}

export function claim(subscriptionId: string): OwnerTransaction {
  return {
    name: "claim",
    title: "Be recorded as the owner",
    does:
      `It records your account as the owner of subscription ${subscriptionId}, whose rights were moved into your ` +
      "storage as a whole.",
    costs: NOTHING_BUT_THE_FEE,
    done: "Your account is recorded as the owner.",
    takes: 0n,
    args: [uint64(subscriptionId)],
  };
}

/** One version of a plan. */
export interface Version {
  readonly planId: string;
  readonly planVersion: string;
}

function uint64(value: string): Argument {
  return { type: "UInt64", value };
}

function ufix64(amount: bigint): Argument {
  return { type: "UFix64", value: cadenceText(amount) };
}
