/** The steps of a check in people's words. Their names and their order are those of the command `flareflow verify`. */
import type { Outcome } from "../../../verify/check.ts";
import type { Link } from "../../../verify/evidence.ts";
import type { ReceiptFinding } from "../../../verify/receipt.ts";

export type AnyLink = Link | ReceiptFinding["link"];

/** What a step found, of a bill or of a receipt. */
export interface Found {
  readonly link: AnyLink;
  readonly outcome: Outcome;
  readonly said: string;
}

export const GROUPS: readonly { readonly title: string; readonly links: readonly AnyLink[] }[] = [
  { title: "The receipt", links: ["receipt-key", "receipt-signature", "promise", "billed"] },
  { title: "What Flare signed", links: ["policy", "signatures", "flare-root", "flow-root", "response", "proof"] },
  {
    title: "What the statement says",
    links: ["statement", "chain"],
  },
  { title: "Whether everybody sees the same", links: ["log-checkpoint", "log-witnesses", "log-entry", "log-growth"] },
  { title: "What was used", links: ["usage-index", "usage-page", "growth", "price-book"] },
  { title: "The single calls", links: ["events", "event", "rating"] },
  {
    title: "What Flow charged",
    links: ["settlement-index", "settlement-page", "flow-statement", "flow-total", "price", "charge"],
  },
];

export const TITLES: Readonly<Record<AnyLink, string>> = {
  policy: "The voters are those of Flare's signing policy",
  signatures: "Enough of them signed the root of the round",
  "flare-root": "Flare's Relay has the same root",
  "flow-root": "The light client on Flow has the same root",
  response: "Flare was asked for this statement, and for nothing else",
  proof: "Flare's answer is under the signed root",
  statement: "The statement says what Flare saw",
  chain: "It follows on the statement before it",
  "log-checkpoint": "The log of statements is signed",
  "log-witnesses": "Enough witnesses signed it too",
  "log-entry": "The statement is in the log",
  "log-growth": "The log has only grown",
  "usage-index": "The list of usage pages leads to the usage root",
  "usage-page": "The subscription's line is on its page",
  growth: "Totals only grow",
  "price-book": "The price book is the one that the statement names",
  events: "The single calls add up to the line",
  event: "This call is under the line",
  rating: "Each call weighs what the price book says",
  "settlement-index": "The list of settlement pages leads to the settlement root",
  "settlement-page": "Only what was used may be charged",
  "flow-statement": "The contract was given this statement",
  "flow-total": "The contract settled this total",
  price: "What was paid is the price of the total",
  charge: "This charge is what was due",
  "receipt-key": "The key is one that the statements name",
  "receipt-signature": "The gate signed this receipt",
  promise: "The call is in a statement, as promised",
  billed: "It is billed as it was signed",
};

export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  verified: "verified",
  differs: "differs",
  unchecked: "not checked",
};
