/**
 * Runs the steps over a bundle, the same as `flareflow verify --offline` (docs/verify.md). It reads nothing else.
 */
import { hex0x } from "./bytes.ts";
import type { Bundle } from "./bundle.ts";
import { DifferenceError, Evidence, MissingError, NOTHING_TRUSTED, type Link, type Trust } from "./evidence.ts";
import { legacyHash } from "./policy.ts";
import * as documents from "./steps/documents.ts";
import * as events from "./steps/events.ts";
import * as flare from "./steps/flare.ts";
import * as flow from "./steps/flow.ts";
import * as log from "./steps/log.ts";

/** What a step found. `unchecked`: something that it needs is missing, or differs already. */
export type Outcome = "verified" | "differs" | "unchecked";

/** What one step found, in words. */
export interface Finding {
  readonly link: Link;
  readonly outcome: Outcome;
  readonly said: string;
}

interface Step {
  readonly link: Link;
  /** Returns what was compared, or null when the step does not apply. */
  readonly check: (evidence: Evidence) => string | null;
  readonly isOfCharge?: true;
}

const STEPS: readonly Step[] = [
  { link: "policy", check: flare.checkPolicy },
  { link: "signatures", check: flare.checkSignatures },
  { link: "flare-root", check: flare.checkFlareRoot },
  { link: "flow-root", check: flare.checkFlowRoot },
  { link: "response", check: flare.checkResponse },
  { link: "proof", check: flare.checkProof },
  { link: "statement", check: documents.checkStatement },
  { link: "chain", check: documents.checkChain },
  { link: "log-checkpoint", check: log.checkLogCheckpoint },
  { link: "log-witnesses", check: log.checkLogWitnesses },
  { link: "log-entry", check: log.checkLogEntry },
  { link: "log-growth", check: log.checkLogGrowth },
  { link: "usage-index", check: documents.checkUsageIndex },
  { link: "usage-page", check: documents.checkUsagePage },
  { link: "growth", check: documents.checkGrowth },
  { link: "price-book", check: documents.checkPriceBook },
  { link: "events", check: events.checkEvents },
  { link: "event", check: events.checkEvent },
  { link: "rating", check: events.checkRating },
  { link: "settlement-index", check: documents.checkSettlementIndex, isOfCharge: true },
  { link: "settlement-page", check: documents.checkSettlementPage, isOfCharge: true },
  { link: "flow-statement", check: flow.checkFlowStatement, isOfCharge: true },
  { link: "flow-total", check: flow.checkFlowTotal, isOfCharge: true },
  { link: "price", check: flow.checkPrice, isOfCharge: true },
  { link: "charge", check: flow.checkCharge, isOfCharge: true },
];

/** The findings of all steps, one after the other, so that whoever reads them can show each as it comes. */
export function* check(bundle: Bundle, trust: Trust = NOTHING_TRUSTED): Generator<Finding, void, void> {
  const evidence = new Evidence(bundle, trust);
  for (const step of STEPS) {
    if (step.isOfCharge && !isChargedBy(evidence)) continue;
    const found = findingOf(step, evidence);
    if (found !== null) yield found;
  }
}

function findingOf({ link, check: compare }: Step, evidence: Evidence): Finding | null {
  try {
    const said = compare(evidence);
    return said === null ? null : { link, outcome: "verified", said };
  } catch (error) {
    if (error instanceof MissingError) return { link, outcome: "unchecked", said: error.message };
    if (!(error instanceof DifferenceError)) throw error;
    if (error.link === link) return { link, outcome: "differs", said: error.message };
    return { link, outcome: "unchecked", said: `it rests on the step ${error.link}, which differs` };
  }
}

/** Whether the charge of the epoch's usage rests on its own statement, and not on a later one that was attested. */
function isChargedBy(evidence: Evidence): boolean {
  try {
    return evidence.position() === evidence.statements().length - 1;
  } catch (error) {
    if (error instanceof DifferenceError) return true;
    throw error;
  }
}

/** The outcome of a whole check: a difference comes before what could not be checked. */
export function worst(findings: readonly Finding[]): Outcome {
  const outcomes = findings.map(({ outcome }) => outcome);
  return (["differs", "unchecked"] as const).find((one) => outcomes.includes(one)) ?? "verified";
}

/** What a reader has to believe, because nobody can prove it or nobody was asked. */
export function believed(bundle: Bundle, trust: Trust = NOTHING_TRUSTED): readonly string[] {
  const { policies, on_flare: onFlare, on_flow: onFlow } = bundle;
  const words: string[] = [];
  if (trust.policyHash === null && policies[0]) {
    const by = onFlare?.policy_hash ? " (its hash is in Flare's Relay, says the node)" : "";
    words.push(`the signing policy ${hex0x(legacyHash(policies[0].policy))}${by}`);
  }
  if (onFlow) {
    if (trust.contract === null) words.push(`that ${onFlow.contract} is the contract that holds the deposit`);
    words.push(`what the node of Flow said of ${onFlow.contract} at block ${onFlow.height}`);
    if (onFlow.charge?.rate_ufix64) words.push("the rate of dollars, which the contract read from its price oracle");
  }
  if (!trust.logPolicy) words.push("that others are shown the same statements");
  words.push("that the operator's meter counted right: compare the calls with your own log");
  return words;
}
