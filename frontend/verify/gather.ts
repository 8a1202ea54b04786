/**
 * Gathers the evidence of one bill from public sources, as `flareflow bundle` does. What is gathered is a bundle's text,
 * which is checked afterwards like any other.
 */
import { BUNDLE_VERSION, STATEMENTS_MAX } from "./bundle.ts";
import { fromHex, hex0x, isSame, type Bytes } from "./bytes.ts";
import { isFirst, pageOf, parsePageIndex, parseStatement, type Statement } from "./documents.ts";
import { pathOf } from "./merkle.ts";
import { decodeMessage, decodePolicy } from "./policy.ts";
import { asciiJson } from "./reading.ts";
import type { FlareNode } from "./sources/flare.ts";
import type { SignedPolicy } from "./sources/flare_policies.ts";
import type { FlowNode } from "./sources/flow.ts";
import type { Attestation, StatementHost } from "./sources/host.ts";
import { SourceError } from "./sources/errors.ts";
import type { LogTexts } from "./sources/log.ts";
import { eventHash, leavesOf } from "./steps/events.ts";

const PAGES_AT_ONCE = 8;

/**
 * Which bill. `calls` returns the texts of the owner's calls of the epoch; null for whoever is not the owner. With
 * `eventId` only that call is kept, with its path. `contract` is `A.<address>.UsageBasedSubscriptions`.
 */
export interface Wanted {
  readonly subscriptionId: bigint;
  readonly epoch: bigint;
  readonly contract: string;
  readonly calls: (() => Promise<readonly string[]>) | null;
  readonly eventId: string | null;
}

export interface Sources {
  readonly host: StatementHost;
  readonly flow: FlowNode;
  readonly flare: FlareNode;
  /** The signing policies from a trusted one to the given one; null for a reader who trusts none. */
  readonly policies: ((newest: Bytes) => Promise<readonly SignedPolicy[]>) | null;
  /** Where a statement is in the log; null for a reader who has no policy for it. */
  readonly log: ((epoch: bigint) => Promise<LogTexts>) | null;
}

/** The text of a bundle, and what could not be asked, in words. */
export interface Gathered {
  readonly text: string;
  readonly unreached: readonly string[];
}

type Say = (what: string) => void;

/** The evidence of a bill. Throws SourceError without the statement's documents; chains that do not answer are told. */
export async function gather(wanted: Wanted, { host, flow, flare, policies, log }: Sources, say: Say): Promise<Gathered> {
  const { subscriptionId, epoch } = wanted;
  const { sealed, proof } = await documents(host, subscriptionId, epoch, say);
  const texts = sealed.map((one) => statementOf(one.statement));
  const statement = texts.find((one) => one.epoch === epoch);
  if (statement === undefined) throw new SourceError(`the host served another statement than that of epoch ${epoch}`);
  say("Reading the price book");
  const book = await host.priceBook(statement.priceBookHash);
  if (wanted.calls) say("Reading your calls of the epoch");
  const events = wanted.calls && (await wanted.calls());
  const unreached: string[] = [];
  say("Asking Flow");
  const onFlow = await orTold(unreached, "Flow", () => flowsWord(flow, wanted, texts.at(-1) as Statement, proof));
  say("Asking Flare");
  const onFlare = await orTold(unreached, "Flare", () => flaresWord(flare, proof));
  if (policies) say("Asking Flare for the signing policies since the trusted one");
  const rolled = await orTold(unreached, "Flare's signing policies", () => rolledTo(proof, policies));
  if (log) say("Reading the log of statements");
  const inLog = log && (await orTold(unreached, "The log of statements", () => log(epoch)));
  const content = {
    version: BUNDLE_VERSION,
    subscription_id: String(subscriptionId),
    epoch: String(epoch),
    sealed,
    attested: proof && attestedOf(proof),
    policies: rolled ?? [],
    on_flare: onFlare,
    on_flow: onFlow,
    price_book: book,
    events: wanted.eventId === null ? events : null,
    event: wanted.eventId === null ? null : proven(events ?? [], wanted.eventId),
    ...(inLog && { log: inLog }),
  };
  return { text: `${asciiJson(content, 2)}\n`, unreached };
}

function attestedOf({ response, siblings, message, signatures }: Attestation) {
  return { response, siblings, message, signatures };
}

/** The policy of the round, and those from the trusted one to it. */
async function rolledTo(proof: Attestation | null, policies: Sources["policies"]) {
  if (!proof?.policy) return [];
  if (policies === null) return [{ policy: proof.policy, signatures: "0x" }];
  const rolled = await policies(decoding("a malformed signing policy", () => fromHex(proof.policy!.slice(2))));
  return rolled.map(({ policy, signatures }) => ({ policy: hex0x(policy), signatures: hex0x(signatures) }));
}

interface SealedTexts {
  readonly statement: string;
  readonly usage_index: string | null;
  readonly usage_page: string | null;
  readonly settlement_index: string | null;
  readonly settlement_page: string | null;
}

interface Documents {
  readonly sealed: readonly SealedTexts[];
  readonly proof: Attestation | null;
}

/** The statement before, the statement, and those after it up to the first that was attested, with its proof. */
async function documents(host: StatementHost, id: bigint, epoch: bigint, say: Say): Promise<Documents> {
  say(`Reading the statement of epoch ${epoch}`);
  const body = await host.statement(epoch);
  const own = { ...(await withUsage(host, body, id)), ...(await settlement(host, id, epoch, say)) };
  const before = await statementBefore(host, statementOf(body), id);
  let later: readonly bigint[] = [];
  let proof = await host.attestation(epoch);
  if (proof === null) {
    say("Looking for a later statement that was attested");
    [later, proof] = await firstAttestedAfter(host, epoch);
  }
  const others = await Promise.all(later.map(async (one) => only(await host.statement(one))));
  return { sealed: [...(before ? [before] : []), own, ...others], proof };
}

function only(statement: string): SealedTexts {
  return { statement, usage_index: null, usage_page: null, settlement_index: null, settlement_page: null };
}

async function statementBefore(host: StatementHost, statement: Statement, id: bigint): Promise<SealedTexts | null> {
  if (isFirst(statement)) return null;
  const [epoch] = await host.epochsBefore(statement.epoch);
  if (epoch === undefined) throw new SourceError(`the host lists no statement before epoch ${statement.epoch}`);
  return withUsage(host, await host.statement(epoch), id);
}

async function withUsage(host: StatementHost, body: string, id: bigint): Promise<SealedTexts> {
  const index = await host.index(statementOf(body).epoch, "usage");
  const digest = indexHashes(index).get(pageOf(id));
  return { ...only(body), usage_index: index, usage_page: digest ? await host.page(digest) : null };
}

/** The settlement index, and the first of its pages that names the subscription. */
async function settlement(host: StatementHost, id: bigint, epoch: bigint, say: Say): Promise<Partial<SealedTexts>> {
  const index = await host.index(epoch, "settlement");
  const hashes = [...indexHashes(index).values()];
  for (let at = 0; at < hashes.length; at += PAGES_AT_ONCE) {
    say(`Reading settlement pages, ${at} of ${hashes.length} done`);
    const pages = await Promise.all(hashes.slice(at, at + PAGES_AT_ONCE).map((digest) => host.page(digest)));
    const page = pages.find((text) => text.includes(`\n${id}:`));
    if (page !== undefined) return { settlement_index: index, settlement_page: page };
  }
  return { settlement_index: index };
}

/** The epochs of the statements after one up to the first that was attested; none if there is no such. */
async function firstAttestedAfter(host: StatementHost, epoch: bigint): Promise<[readonly bigint[], Attestation | null]> {
  let later: bigint[] = [];
  for (let before: bigint | null = null; later.length <= STATEMENTS_MAX; ) {
    const listed: readonly bigint[] = await host.epochsBefore(before);
    later = [...listed.filter((one) => one > epoch).toReversed(), ...later];
    const oldest = listed.at(-1);
    if (oldest === undefined || oldest <= epoch) break;
    before = oldest;
  }
  for (const [place, one] of later.slice(0, STATEMENTS_MAX - 2).entries()) {
    const proof = await host.attestation(one);
    if (proof !== null) return [later.slice(0, place + 1), proof];
  }
  return [[], null];
}

/** The event with this id and its path. Throws SourceError if it is not one of them. */
function proven(events: readonly string[], eventId: string): { readonly text: string; readonly siblings: readonly string[] } {
  const text = events.find((one) => one.includes(`"event_id":${JSON.stringify(eventId)}`));
  if (text === undefined) throw new SourceError(`your calls of this epoch have no ${eventId}`);
  const leaves = leavesOf(events);
  const place = leaves.findIndex((leaf) => isSame(leaf, eventHash(text)));
  return { text, siblings: pathOf(leaves, place).map(hex0x) };
}

/** What `ask` returns; null where the source did not answer, which is noted. */
async function orTold<T>(unreached: string[], who: string, ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    unreached.push(`${who}: ${error.message}`);
    return null;
  }
}

async function flowsWord(flow: FlowNode, wanted: Wanted, statement: Statement, proof: Attestation | null) {
  const { subscriptionId, contract } = wanted;
  const confirmed = await flow.confirmed(proof ? votingRound(proof) : 0n, statement.epoch);
  const triggers = await flow.triggers();
  const charge = await flow.charge(subscriptionId, statement.epoch, statement.windowEnd);
  let height = charge ? BigInt(String(charge["height"])) : await flow.newestHeight();
  let bill = await flow.bill(subscriptionId, height);
  if (bill === null && charge) {
    height = await flow.newestHeight();
    bill = await flow.bill(subscriptionId, height);
  }
  if (bill === null) throw new SourceError(`${contract} has no subscription ${subscriptionId}`);
  return {
    contract,
    height: String(height),
    source_chain_id: confirmed["sourceChainId"] ?? null,
    rounds_per_reward_epoch: confirmed["roundsPerRewardEpoch"] ?? null,
    root: prefixed(confirmed["root"]),
    settlement_root: prefixed(confirmed["settlementRoot"]),
    total_microtokens: confirmed["totalMicrotokens"] ?? null,
    triggers,
    bill,
    charge,
  };
}

function prefixed(digits: unknown): string | null {
  return typeof digits === "string" ? `0x${digits}` : null;
}

async function flaresWord(flare: FlareNode, proof: Attestation | null) {
  if (!proof?.policy) return null;
  return flare.relayed(votingRound(proof), rewardEpoch(proof.policy));
}

function votingRound(proof: Attestation): bigint {
  return BigInt(decoding("a malformed message", () => decodeMessage(fromHex(proof.message.slice(2)))).votingRound);
}

function rewardEpoch(policy: string): bigint {
  return BigInt(decoding("a malformed signing policy", () => decodePolicy(fromHex(policy.slice(2)))).rewardEpoch);
}

function statementOf(body: string): Statement {
  return decoding("something that is no statement", () => parseStatement(body));
}

function indexHashes(text: string): ReadonlyMap<bigint, Bytes> {
  return decoding("something that is no index of pages", () => parsePageIndex(text)).hashes;
}

function decoding<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch {
    throw new SourceError(`the statements' host served ${what}`);
  }
}
