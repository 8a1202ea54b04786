/** Runs a check in the browser: gathers public documents, then takes one step after the other. */
import { signal, type ReadonlySignal } from "@preact/signals";

import type { Deployment } from "../../../api/operations.ts";
import { parseBundle, type Bundle } from "../../../verify/bundle.ts";
import { fromHex, isSame, type Bytes } from "../../../verify/bytes.ts";
import { believed, check } from "../../../verify/check.ts";
import { parseStatement } from "../../../verify/documents.ts";
import { NOTHING_TRUSTED, type Trust } from "../../../verify/evidence.ts";
import { gather, type Sources } from "../../../verify/gather.ts";
import { parseLogPolicy } from "../../../verify/log/policy.ts";
import { policyHashes } from "../../../verify/policy.ts";
import { checkReceipt, parseReceipt } from "../../../verify/receipt.ts";
import { policiesBackTo } from "../../../verify/sources/flare_policies.ts";
import { findInLog } from "../../../verify/sources/log.ts";
import { readEvent } from "../../../verify/steps/events.ts";
import { contractOf, flareNode, flowNode, requests } from "../../stores/chains.ts";
import { statementHost } from "../../stores/documents.ts";
import { after, collected } from "../../stores/pages.ts";
import { call } from "../../stores/server.ts";
import { failureOf, type Failure } from "../../text/failures.ts";
import type { Found } from "./words.ts";

/** How far a check is. `doing` is what goes on now; null when it has ended. */
export interface Progress {
  readonly doing: string | null;
  readonly found: readonly Found[];
  readonly believed: readonly string[];
  readonly unreached: readonly string[];
  readonly bundle: Bundle | null;
  readonly text: string | null;
  readonly failure: Failure | null;
}

const BEGUN: Progress = {
  doing: "Beginning",
  found: [],
  believed: [],
  unreached: [],
  bundle: null,
  text: null,
  failure: null,
};

export interface Run {
  readonly progress: ReadonlySignal<Progress>;
  readonly stop: () => void;
}

/** Which bill; without an epoch the last one that was charged. `withCalls`: the owner's single calls too. */
export interface Bill {
  readonly subscriptionId: bigint;
  readonly epoch: bigint | null;
  readonly withCalls: boolean;
  readonly trusted: Trusted;
}

/** What a reader has named: the hash of a signing policy, and the text of a policy for the log. Both may be empty. */
export interface Trusted {
  readonly policyHash: string;
  readonly logPolicy: string;
}

const CALL_PAGES_MAX = 100;

/** Checks a bill from public sources. */
export function runBill(bill: Bill, deployment: Deployment): Run {
  return run(async (step, stop) => {
    const trust = trustOf(bill.trusted);
    const sources = sourcesOf(deployment, stop, trust);
    step({ doing: "Asking for the last charge" });
    const epoch = bill.epoch ?? (await lastCharged(sources, bill.subscriptionId));
    const calls = bill.withCalls ? () => ownCalls(bill.subscriptionId, epoch) : null;
    const wanted = { subscriptionId: bill.subscriptionId, epoch, contract: contractOf(deployment), calls, eventId: null };
    const { text, unreached } = await gather(wanted, sources, (doing) => step({ doing }));
    step({ text, unreached });
    await checkText(text, trust, step);
  });
}

/** Checks a bundle that somebody has made. */
export function runBundle(text: string, trusted: Trusted): Run {
  return run(async (step) => {
    step({ text });
    await checkText(text, trustOf(trusted), step);
  });
}

/** Checks a receipt; if the account owns the subscription, also against the call as it was billed. */
export function runReceipt(text: string, subscriptionId: bigint | null, deployment: Deployment): Run {
  return run(async (step, stop) => {
    const signed = parseReceipt(text);
    const { host } = sourcesOf(deployment, stop);
    step({ doing: "Reading the newest statement and its keys" });
    const [newest] = await host.epochsBefore(null);
    if (newest === undefined) throw new Error("There is no statement yet that could name the key of this receipt.");
    const statement = parseStatement(await host.statement(newest));
    const keys = await host.receiptKeys(statement.receiptKeyHash);
    const epochSeconds = BigInt(deployment.epoch_seconds);
    const first = BigInt(Math.floor(Date.parse(signed.receipt.ended_at) / 1000)) / epochSeconds;
    const last = signed.receipt.counted_until_epoch < newest ? signed.receipt.counted_until_epoch : newest;
    step({ doing: "Looking for the call in your statements" });
    const event = subscriptionId === null ? undefined : await billedCall(subscriptionId, signed.receipt.event_id, first, last);
    const billed = typeof event === "string" ? readEvent(event, subscriptionId as bigint) : event;
    step({ found: checkReceipt(signed, { statement, keys, epochSeconds, billed }) });
  });
}

type Step = (more: Partial<Progress>) => void;

function run(work: (step: Step, stop: AbortSignal) => Promise<void>): Run {
  const progress = signal(BEGUN);
  const stopping = new AbortController();
  const step: Step = (more) => {
    if (!stopping.signal.aborted) progress.value = { ...progress.value, ...more };
  };
  work(step, stopping.signal).then(
    () => step({ doing: null }),
    (error: unknown) => step({ doing: null, failure: failureOf(error) }),
  );
  return { progress, stop: () => stopping.abort() };
}

/** Takes the steps with a pause after each, in which the page shows what was found. */
async function checkText(text: string, trust: Trust, step: Step): Promise<void> {
  step({ doing: "Reading the bundle" });
  const bundle = parseBundle(text);
  step({ bundle, doing: "Comparing" });
  const found: Found[] = [];
  for (const finding of check(bundle, trust)) {
    found.push(finding);
    step({ found: [...found] });
    await new Promise((resume) => setTimeout(resume));
  }
  step({ believed: believed(bundle, trust) });
}

function sourcesOf(about: Deployment, stop: AbortSignal, { policyHash, logPolicy }: Trust = NOTHING_TRUSTED): Sources {
  const sent = requests(stop);
  const flare = flareNode(about, sent);
  const isTrusted = (policy: Bytes) =>
    policyHashes(policy, BigInt(about.flare.chain_id)).some((one) => isSame(one, policyHash!));
  return {
    host: statementHost(sent),
    flow: flowNode(about, sent),
    flare,
    policies: policyHash === null ? null : (newest) => policiesBackTo(flare, newest, isTrusted),
    log: logPolicy ? (epoch) => findInLog(sent, "", epoch) : null,
  };
}

/** Whether a text can be the hash of a signing policy. */
export function isPolicyHash(text: string): boolean {
  return /^0x[0-9a-f]{64}$/.test(text);
}

/** The contract is never trusted here: this page, which would name it, comes from the operator. */
function trustOf({ policyHash, logPolicy }: Trusted): Trust {
  return {
    policyHash: isPolicyHash(policyHash) ? fromHex(policyHash.slice(2)) : null,
    contract: null,
    logPolicy: logPolicy.trim() === "" ? null : parseLogPolicy(logPolicy),
  };
}

/** The epoch of the last charge; that of the newest statement where there was none or Flow does not answer. */
async function lastCharged({ host, flow }: Sources, subscriptionId: bigint): Promise<bigint> {
  const charged = await flow
    .newestHeight()
    .then((height) => flow.bill(subscriptionId, height))
    .then((bill) => BigInt(String((bill as { readonly settled_epoch?: string } | null)?.settled_epoch ?? "0")))
    .catch(() => 0n);
  if (charged > 0n) return charged;
  const [newest] = await host.epochsBefore(null);
  if (newest === undefined) throw new Error("There is no statement yet.");
  return newest;
}

/** The texts of the account's own calls of an epoch. */
async function ownCalls(subscriptionId: bigint, epoch: bigint): Promise<readonly string[]> {
  const path = { subscription_id: String(subscriptionId), epoch: String(epoch) };
  const { items, isCut } = await collected(
    (cursor) => call("GET /v1/subscriptions/{subscription_id}/usage/{epoch}", { path, query: after(cursor) }),
    CALL_PAGES_MAX,
  );
  if (isCut) throw new Error("The epoch has more calls than a page can show. Use the command flareflow verify.");
  return items.map(({ leaf }) => leaf);
}

/** The text of a billed call, looked for in the epochs in which it may be counted; null if none has it. */
async function billedCall(id: bigint, eventId: string, first: bigint, last: bigint): Promise<string | null> {
  for (let epoch = first; epoch <= last; epoch += 1n) {
    const text = (await ownCalls(id, epoch)).find((one) => one.includes(`"event_id":${JSON.stringify(eventId)}`));
    if (text !== undefined) return text;
  }
  return null;
}
