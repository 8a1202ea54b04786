/**
 * What the contract on Flow recorded and charged, and the price computed anew.
 */
import { exactMoneyText, ratedText } from "../amounts.ts";
import type { Bill } from "../bundle.ts";
import { hex0x, isSame } from "../bytes.ts";
import { DifferenceError, MissingError, parsing, type Evidence } from "../evidence.ts";
import { chargeOf, exactCost, rounded } from "../pricing.ts";

const FLOW_VAULT = "/storage/flowTokenVault";

/** The contract has the statement's settlement root and total. */
export function checkFlowStatement(evidence: Evidence): string {
  const { contract, settlement_root, total_microtokens } = evidence.onFlow();
  const statement = evidence.statement();
  if (evidence.trust.contract !== null && evidence.trust.contract !== contract) {
    throw new DifferenceError("flow-statement", `the contract is ${contract}, and not ${evidence.trust.contract}`);
  }
  if (settlement_root === null) {
    throw new MissingError(
      "the contract has no statement of this epoch: it was not delivered, or is no longer kept",
    );
  }
  if (!isSame(settlement_root, statement.settlementRoot)) {
    throw new DifferenceError("flow-statement", `the contract has the settlement root ${hex0x(settlement_root)}`);
  }
  if (total_microtokens === null) {
    return `${contract} was given the same settlement root, says its event; it no longer keeps the total`;
  }
  if (total_microtokens !== statement.totalRatedMicrotokens) {
    throw new DifferenceError("flow-statement", `the contract has the total ${total_microtokens}`);
  }
  return `${contract} has the same settlement root and total`;
}

/** What the contract settled is the total on the settlement page. */
export function checkFlowTotal(evidence: Evidence): string {
  const { bill, charge } = evidence.onFlow();
  const { epoch } = evidence.statement();
  const page = evidence.settlementPage();
  if (page === null) return `nothing to settle: ${ratedText(bill.settled_microtokens)} are settled`;
  const total = page.entries.get(evidence.bundle.subscription_id) ?? 0n;
  if (charge !== null && (charge.epoch !== epoch || charge.rated_microtokens !== total)) {
    throw otherTotal("settled", charge.rated_microtokens, charge.epoch, total);
  }
  if (bill.settled_epoch < epoch) {
    throw new MissingError(`the contract has settled nothing newer than epoch ${bill.settled_epoch} yet`);
  }
  const isLater = bill.settled_epoch > epoch;
  if (bill.settled_microtokens < total || (!isLater && bill.settled_microtokens !== total)) {
    throw otherTotal("has settled", bill.settled_microtokens, bill.settled_epoch, total);
  }
  const later = `; by epoch ${bill.settled_epoch} it is ${ratedText(bill.settled_microtokens)}`;
  const unseen = charge === null ? ", and the charge by this epoch was not found" : "";
  return `the contract settled ${ratedText(total)}${isLater ? later : ""}${unseen}`;
}

function otherTotal(verb: string, settled: bigint, epoch: bigint, told: bigint): DifferenceError {
  const words = `the contract ${verb} ${settled} micro-tokens by epoch ${epoch}, the page says ${told}`;
  return new DifferenceError("flow-total", words);
}

/** What was ever paid and is owed is the price of the settled total by the tiers of the plan. */
export function checkPrice(evidence: Evidence): string {
  const { bill } = evidence.onFlow();
  const unit = currencyOf(bill);
  const price = priceOf(bill, bill.settled_microtokens);
  const paid = paidOf(bill);
  const cost = `${ratedText(bill.settled_microtokens)} cost ${exactMoneyText(price, unit)}`;
  const plan = `on plan ${bill.plan_id} version ${bill.plan_version}`;
  if (price !== paid + bill.owed_ufix64) {
    const words = `${exactMoneyText(paid, unit)} are paid and ${exactMoneyText(bill.owed_ufix64, unit)} owed`;
    throw new DifferenceError("price", `${cost} ${plan}; ${words}`);
  }
  const owed = bill.owed_ufix64 ? ` and ${exactMoneyText(bill.owed_ufix64, unit)} owed` : "";
  const earlier = bill.cost_offset || bill.plan_from ? ", with earlier plans or debts given up" : "";
  return `${cost} ${plan}${earlier}: ${exactMoneyText(paid, unit)} paid${owed}`;
}

/** What a total costs by the plan and what came before it, in 1e-8 of the plan's currency. */
function priceOf(bill: Bill, totalMicrotokens: bigint): bigint {
  const of = (total: bigint) => parsing("price", "the plan", () => exactCost(total, bill.tiers));
  const before = bill.plan_from === null ? 0n : of(bill.plan_from);
  return rounded(of(totalMicrotokens) + bill.cost_offset - before);
}

function paidOf(bill: Bill): bigint {
  return bill.needs_rate ? bill.paid_dollars_ufix64 : bill.charged_ufix64;
}

/** This settlement charged what was due before it, at its rate. Left out when nothing was charged by this epoch. */
export function checkCharge(evidence: Evidence): string | null {
  const { bill, charge, height } = evidence.onFlow();
  if (charge === null) return null;
  const { before, rate_ufix64: rate } = charge;
  if (before === null) {
    throw new MissingError(`the node does not have the state before block ${charge.height}, that of the charge`);
  }
  const more = priceOf(before, charge.rated_microtokens) - paidOf(before);
  const due = more > 0n ? more : 0n;
  const made = chargeOf(due, charge.charged_ufix64, rate);
  const [unit, token] = [currencyOf(before), tokenOf(bill)];
  const charged = `${exactMoneyText(charge.charged_ufix64, token)}`;
  const owed = `${exactMoneyText(charge.owed_ufix64, unit)} left owed`;
  const isAsMade = made.charged === charge.charged_ufix64 && made.owed === charge.owed_ufix64;
  if (!isAsMade || before.needs_rate !== (rate !== null)) {
    throw new DifferenceError("charge", `${exactMoneyText(due, unit)} were due, and ${charged} were charged, with ${owed}`);
  }
  if (height === charge.height && before.charged_ufix64 + charge.charged_ufix64 !== bill.charged_ufix64) {
    throw new MissingError(`block ${charge.height} has more than one charge of this subscription`);
  }
  const at = rate === null ? "" : ` at ${exactMoneyText(rate, "USD")} for one`;
  const left = charge.owed_ufix64 ? `, ${owed}` : "";
  return `${exactMoneyText(due, unit)} were due, ${charged} charged${at}${left}, in transaction ${charge.transaction_id}`;
}

/** The symbol of the token in which deposits are held; the path of its vault where the symbol is not known. */
function tokenOf(bill: Bill): string {
  return bill.token_storage_path === FLOW_VAULT ? "FLOW" : `(${bill.token_storage_path})`;
}

/** What the plan's prices are in. A plan in dollars that needs no rate is charged in a token that is a dollar. */
function currencyOf(bill: Bill): string {
  return bill.needs_rate ? "USD" : tokenOf(bill);
}
