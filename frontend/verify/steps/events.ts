/**
 * The single calls, of which only the owner has the texts: all of an epoch, or one with its path.
 */
import { countedText, countText, ratedText } from "../amounts.ts";
import { compare, hex0x, isSame, keccak256, toHex, utf8, type Bytes } from "../bytes.ts";
import { combined, grown, NO_USAGE, tokensOf, USAGE_FIELDS, type Usage } from "../documents.ts";
import { DifferenceError, MissingError, parsing, type Evidence } from "../evidence.ts";
import { fold, rootOf } from "../merkle.ts";
import { priceOf, rate, TOKEN_KINDS, type PriceBook, type TokenKind } from "../price_book.ts";
import { asciiJson, exactly, FormError, objectAt, orNull, type Reader } from "../reading.ts";

const EVENT_VERSION = "flareflow-event/1";
/** Models of calls by patterns of the price book. */
const COMPARED_MAX = 1_000_000;
const NUMBER = /^(?:0|[1-9][0-9]{0,77})$/;

const amount: Reader<bigint> = (given, at) => {
  if (typeof given !== "string" || !NUMBER.test(given)) throw new FormError(`${at}: not an amount`);
  return BigInt(given);
};

/** Amounts by kind; kinds of which there is nothing are left out. */
function amounts<N extends string>(kinds: readonly N[]): Reader<Readonly<Partial<Record<N, bigint>>>> {
  return (given, at) => {
    const entries = Object.entries(objectAt(given, at));
    const other = entries.find(([kind]) => !kinds.includes(kind as N));
    if (other) throw new FormError(`${at}: ${other[0].slice(0, 40)} is no kind of amount`);
    return Object.fromEntries(entries.map(([kind, told]) => [kind, amount(told, `${at}.${kind}`)])) as Partial<Record<N, bigint>>;
  };
}

const field: Reader<string> = (given, at) => {
  if (typeof given !== "string") throw new FormError(`${at}: not a text`);
  return given;
};

const eventForm = exactly({
  version: field,
  subscription_id: field,
  event_id: field,
  key_hash: field,
  call_type: field,
  model: field,
  base_model: orNull(field),
  tokens: amounts(TOKEN_KINDS),
  units: amounts(["images", "milliseconds"]),
  rated_microtokens: amount,
  cost_nanousd: amount,
  price_book_hash: field,
  started_at: field,
  ended_at: field,
});

/** One billed call, as its text in a statement tells it. */
export interface BilledCall {
  readonly eventId: string;
  readonly keyHash: string;
  readonly model: string;
  readonly baseModel: string | null;
  readonly tokens: Readonly<Partial<Record<TokenKind, bigint>>>;
  readonly units: Readonly<Partial<Record<"images" | "milliseconds", bigint>>>;
  readonly ratedMicrotokens: bigint;
  readonly costNanousd: bigint;
  readonly priceBookHash: string;
  readonly usage: Usage;
}

/** The leaf of an event: the hash of a hash, so no text can be taken for two nodes. */
export function eventHash(text: string): Bytes {
  return keccak256(keccak256(utf8(text)));
}

/** The leaves of events in rising order, as `events_root` is made of them. */
export function leavesOf(texts: readonly string[]): readonly Bytes[] {
  return texts.map(eventHash).sort(compare);
}

/** The event of a text. Throws for another form, and for one of another subscription. */
export function readEvent(text: string, subscriptionId: bigint): BilledCall {
  const given: unknown = JSON.parse(text);
  const event = eventForm(given, "event");
  if (event.version !== EVENT_VERSION) throw new Error(`not an event of version ${EVENT_VERSION}`);
  if (asciiJson(given) !== text) throw new Error(`event ${event.event_id} is not in the one form of an event`);
  if (event.subscription_id !== String(subscriptionId)) {
    throw new Error(`event ${event.event_id} is of subscription ${event.subscription_id}`);
  }
  const { tokens, units, rated_microtokens: ratedMicrotokens, cost_nanousd: costNanousd } = event;
  const byKind = Object.entries(tokens).map(([kind, counted]) => [`${kind}_tokens`, counted]);
  const counts = { requests: 1n, rated_microtokens: ratedMicrotokens, cost_nanousd: costNanousd };
  return {
    eventId: event.event_id,
    keyHash: event.key_hash,
    model: event.model,
    baseModel: event.base_model,
    tokens,
    units,
    ratedMicrotokens,
    costNanousd,
    priceBookHash: event.price_book_hash,
    usage: { ...NO_USAGE, ...Object.fromEntries(byKind), ...counts },
  };
}

/** The events are all of the subscription's in this epoch, each once, and add up. Left out if not known. */
export function checkEvents(evidence: Evidence): string | null {
  const { events: texts, subscription_id } = evidence.bundle;
  if (texts === null) return null;
  const used = evidence.totals();
  if (used === null || used.epoch !== evidence.statement().epoch) {
    if (!texts.length) return "no call in this epoch";
    throw new DifferenceError("events", `the statement says that nothing was used, not ${texts.length} calls`);
  }
  const calls = parsing("events", "an event", () => texts.map((text) => readEvent(text, subscription_id)));
  const root = rootOf(leavesOf(texts));
  if (!isSame(root, used.eventsRoot)) {
    const words = `${calls.length} events lead to the root ${toHex(root)}, not to the page's`;
    throw new DifferenceError("events", words);
  }
  requireOnce(calls);
  requireAddUp(calls, grown(used.usage, evidence.totalsBefore()?.usage ?? NO_USAGE));
  return `the leaves of ${countedText(calls.length, "call")} lead to the events root, and add up to the page's totals`;
}

function requireOnce(calls: readonly BilledCall[]): void {
  const seen = new Set<string>();
  for (const { eventId } of calls) {
    if (seen.has(eventId)) throw new DifferenceError("events", `event ${eventId} is billed more than once`);
    seen.add(eventId);
  }
}

function requireAddUp(calls: readonly BilledCall[], told: Usage): void {
  const added = calls.reduce((sum, { usage }) => combined(sum, usage, (a, b) => a + b), NO_USAGE);
  const other = USAGE_FIELDS.find((name) => added[name] !== told[name]);
  if (other !== undefined) {
    throw new DifferenceError("events", `${other} add up to ${added[other]}, and the page says ${told[other]}`);
  }
}

/** One event leads to the page's events root. Left out if none was asked for. */
export function checkEvent(evidence: Evidence): string | null {
  const { event: proven, subscription_id } = evidence.bundle;
  if (proven === null) return null;
  const call = parsing("event", "the event", () => readEvent(proven.text, subscription_id));
  const used = evidence.totals();
  if (used === null || used.epoch !== evidence.statement().epoch) {
    throw new DifferenceError("event", "the statement says that nothing was used in this epoch");
  }
  if (!isSame(fold(eventHash(proven.text), proven.siblings), used.eventsRoot)) {
    throw new DifferenceError("event", `event ${call.eventId} does not lead to the page's events root`);
  }
  const weight = `${countText(tokensOf(call.usage))} tokens, ${ratedText(call.ratedMicrotokens)}`;
  const siblings = countedText(proven.siblings.length, "sibling");
  return `${call.eventId} of ${call.model}, ${weight}: it leads to the events root with ${siblings}`;
}

/** Throws MissingError where an operator has named so many models and patterns that a check would take hours. */
function requireFewNames(calls: readonly BilledCall[], { patterns }: PriceBook): void {
  const names = new Set(calls.map(({ model, baseModel }) => JSON.stringify([model, baseModel]))).size;
  if (names * patterns.length > COMPARED_MAX) {
    throw new MissingError(`${names} models would be compared with ${patterns.length} patterns of the price book`);
  }
}

/** Each event weighs what the price book says. Left out when no event is known. */
export function checkRating(evidence: Evidence): string | null {
  const { events, event, subscription_id } = evidence.bundle;
  const texts = events ?? (event === null ? null : [event.text]);
  if (texts === null) return null;
  const book = evidence.priceBook();
  const bookHash = hex0x(evidence.statement().priceBookHash);
  const calls = parsing("rating", "an event", () => texts.map((text) => readEvent(text, subscription_id)));
  requireFewNames(calls, book);
  for (const call of calls) {
    if (call.priceBookHash !== bookHash) {
      const words = `event ${call.eventId} was rated by the book ${call.priceBookHash}, and the statement names ${bookHash}`;
      throw new DifferenceError("rating", words);
    }
    const weighs = rate(priceOf(book, call.model, call.baseModel), call);
    if (weighs !== call.ratedMicrotokens) {
      const words = `event ${call.eventId} weighs ${weighs}, not ${call.ratedMicrotokens} micro-tokens`;
      throw new DifferenceError("rating", words);
    }
  }
  return `${countedText(texts.length, "call")} rated anew by the price book, to the same weight`;
}
