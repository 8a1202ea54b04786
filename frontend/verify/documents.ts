/**
 * The public documents of an epoch (docs/statement.md): statement, indexes of pages, usage pages, settlement pages. Each
 * is parsed and written anew; whatever is not the one form of its document is refused.
 */
import { fromHex, isSame, keccak256, NO_HASH, utf8, type Bytes } from "./bytes.ts";
import { rootOf } from "./merkle.ts";

/** Fields of a statement in their order, each with its ABI type; Flare attests each as one word. */
export const STATEMENT_FIELDS = [
  ["epoch", "uint64"],
  ["window_start", "uint64"],
  ["window_end", "uint64"],
  ["usage_root", "bytes32"],
  ["settlement_root", "bytes32"],
  ["subscription_count", "uint64"],
  ["total_rated_microtokens", "uint256"],
  ["price_book_hash", "bytes32"],
  ["receipt_key_hash", "bytes32"],
  ["meter_hash", "bytes32"],
  ["previous_statement_hash", "bytes32"],
] as const;

/** The amounts of usage: tokens by kind, calls, their weight in rated micro-tokens, and what the provider charges. */
export const USAGE_FIELDS = [
  "prompt_tokens",
  "completion_tokens",
  "requests",
  "rated_microtokens",
  "cost_nanousd",
  "cache_read_tokens",
  "cache_write_tokens",
  "reasoning_tokens",
  "audio_input_tokens",
  "audio_output_tokens",
] as const;

export type PageKind = "usage" | "settlement";
export type UsageField = (typeof USAGE_FIELDS)[number];
export type Usage = Readonly<Record<UsageField, bigint>>;

const STATEMENT_VERSION = "flareflow-statement/1";
const PAGE_IDS = 256n;
const SETTLEMENT_ENTRIES_MAX = 125;
const LINES_MAX = 400_000;
const EPOCH_SECONDS_MAX = 86_400n;
/** In Unix seconds: the year 6325. */
const WINDOW_END_MAX = 2n ** 37n;
const NUMBER = /^(?:0|[1-9][0-9]{0,77})$/;
const HASH = /^0x[0-9a-f]{64}$/;

/** The public document of an epoch, which Flare attests. The window is in Unix seconds, its end not included. */
export interface Statement {
  readonly epoch: bigint;
  readonly windowStart: bigint;
  readonly windowEnd: bigint;
  readonly usageRoot: Bytes;
  readonly settlementRoot: Bytes;
  readonly totalRatedMicrotokens: bigint;
  readonly subscriptionCount: bigint;
  readonly priceBookHash: Bytes;
  readonly receiptKeyHash: Bytes;
  readonly previousStatementHash: Bytes;
  /** All fields in their order as numbers. */
  readonly words: readonly bigint[];
  readonly hash: Bytes;
}

/** The statement of a body. Throws unless the body is canonical. */
export function parseStatement(body: string): Statement {
  const given = JSON.parse(body) as Readonly<Record<string, unknown>>;
  const values = STATEMENT_FIELDS.map(([name, kind]) => fieldOf(given[name], kind === "bytes32" ? HASH : NUMBER));
  const named = Object.fromEntries(STATEMENT_FIELDS.map(([name], place) => [name, values[place]]));
  if (JSON.stringify({ version: STATEMENT_VERSION, ...named }) !== body) {
    throw new Error("not the canonical body of a statement");
  }
  const text = (name: (typeof STATEMENT_FIELDS)[number][0]) => named[name] as string;
  const hashed = (name: (typeof STATEMENT_FIELDS)[number][0]) => fromHex(text(name).slice(2));
  return {
    epoch: BigInt(text("epoch")),
    windowStart: BigInt(text("window_start")),
    windowEnd: BigInt(text("window_end")),
    usageRoot: hashed("usage_root"),
    settlementRoot: hashed("settlement_root"),
    subscriptionCount: BigInt(text("subscription_count")),
    totalRatedMicrotokens: BigInt(text("total_rated_microtokens")),
    priceBookHash: hashed("price_book_hash"),
    receiptKeyHash: hashed("receipt_key_hash"),
    previousStatementHash: hashed("previous_statement_hash"),
    words: values.map(BigInt),
    hash: keccak256(utf8(body)),
  };
}

function fieldOf(given: unknown, form: RegExp): string {
  if (typeof given !== "string" || !form.test(given)) {
    throw new Error(`a statement has decimal numbers and hashes of 32 bytes, not ${String(given).slice(0, 80)}`);
  }
  return given;
}

/** The hashes of the pages of one kind by their rising numbers. */
export interface PageIndex {
  readonly contract: string;
  readonly epoch: bigint;
  readonly kind: string;
  readonly hashes: ReadonlyMap<bigint, Bytes>;
  readonly root: Bytes;
}

/** The index of a text. Throws unless the text is canonical. */
export function parsePageIndex(text: string): PageIndex {
  const [first, ...lines] = linesOf(text);
  const [, contract = "", , epoch = "", kind = ""] = first.split(" ");
  const pairs = lines.map((line) => line.split(" ") as [string, string]);
  const hashes = new Map(pairs.map(([number, digest]) => [decimal(number), fullHash(digest)]));
  const index = { contract, epoch: decimal(epoch), kind, hashes, root: rootOf([...hashes.values()]) };
  const written = [`flareflow-index/1 ${contract} epoch ${epoch} ${kind}`, ...pairs.map(([number, digest]) => `${number} ${digest}`)];
  requireRising([...hashes.keys()], pairs.length);
  requireCanonical(written, text, "an index of pages");
  return index;
}

/** A subscription's cumulative usage, the epoch of its last change, and the root over its events of that epoch. */
export interface Totals {
  readonly epoch: bigint;
  readonly usage: Usage;
  readonly eventsRoot: Bytes;
}

export interface UsagePage {
  readonly contract: string;
  readonly number: bigint;
  readonly totals: ReadonlyMap<bigint, Totals>;
}

/** The number of the usage page that a subscription is on. */
export function pageOf(subscriptionId: bigint): bigint {
  return subscriptionId / PAGE_IDS;
}

/** The page of a text, whose second line names the columns. Throws unless the text is canonical. */
export function parseUsagePage(text: string): UsagePage {
  const [first, header = "", ...lines] = linesOf(text);
  const [, contract = "", , start = ""] = first.split(" ");
  const number = pageOf(decimal(start));
  const columns = header.split(" ").slice(2, -1).map(usageField);
  if (new Set(columns).size !== columns.length) throw new Error("a column stands there twice");
  const rows = lines.map((line) => line.split(" "));
  const totals = new Map(rows.map((row) => [decimal(row[0]), totalsOf(row, columns)]));
  const from = number * PAGE_IDS;
  const written = [
    `flareflow-usage/1 ${contract} subscriptions ${from} to ${from + PAGE_IDS - 1n}`,
    ["subscription", "epoch", ...columns, "events_root"].join(" "),
    ...rows.map((row) => row.join(" ")),
  ];
  requireRising([...totals.keys()], rows.length);
  if ([...totals.keys()].some((one) => pageOf(one) !== number)) throw new Error("the page has ids of another page");
  requireCanonical(written, text, "a usage page");
  return { contract, number, totals };
}

function totalsOf(row: readonly string[], columns: readonly UsageField[]): Totals {
  if (row.length !== columns.length + 3) throw new Error(`a line has ${row.length} columns`);
  const told = Object.fromEntries(columns.map((name, place) => [name, decimal(row[place + 2])]));
  return { epoch: decimal(row[1]), usage: { ...NO_USAGE, ...told }, eventsRoot: fullHash(row.at(-1)) };
}

function usageField(name: string): UsageField {
  const known = USAGE_FIELDS.find((field) => field === name);
  if (known === undefined) throw new Error(`${name.slice(0, 40)} is no column of usage`);
  return known;
}

export const NO_USAGE = Object.fromEntries(USAGE_FIELDS.map((name) => [name, 0n])) as Usage;

/** Amount by amount, `combine` of both. */
export function combined(left: Usage, right: Usage, combine: (a: bigint, b: bigint) => bigint): Usage {
  return Object.fromEntries(USAGE_FIELDS.map((name) => [name, combine(left[name], right[name])])) as Usage;
}

/** What `later` has more than `earlier`. */
export function grown(later: Usage, earlier: Usage): Usage {
  return combined(later, earlier, (a, b) => a - b);
}

/** Tokens of all kinds together. */
export function tokensOf(usage: Usage): bigint {
  return USAGE_FIELDS.filter((name) => name.endsWith("_tokens")).reduce((sum, name) => sum + usage[name], 0n);
}

/** What one transaction charges: cumulative rated micro-tokens by the id of a subscription. */
export interface SettlementPage {
  readonly contract: string;
  readonly epoch: bigint;
  readonly number: bigint;
  readonly entries: ReadonlyMap<bigint, bigint>;
}

/** The page of a text. Throws unless the text is canonical. */
export function parseSettlementPage(text: string): SettlementPage {
  const [first, ...lines] = linesOf(text);
  const [, contract = "", , epoch = "", , number = ""] = first.split(" ");
  if (!lines.length || lines.length > SETTLEMENT_ENTRIES_MAX) throw new Error(`a page of ${lines.length} subscriptions`);
  const pairs = lines.map((line) => line.split(":"));
  const entries = new Map(pairs.map(([id, total]) => [decimal(id), decimal(total)]));
  const written = [
    `flareflow-page/1 ${contract} epoch ${epoch} page ${number}`,
    ...pairs.map(([id, total]) => `${id}:${total}`),
  ];
  requireRising([...entries.keys()], pairs.length);
  requireCanonical(written, text, "a settlement page");
  return { contract, epoch: decimal(epoch), number: decimal(number), entries };
}

function linesOf(text: string): [string, ...string[]] {
  const lines = text.split("\n", LINES_MAX + 1);
  if (lines.length > LINES_MAX) throw new Error(`more than ${LINES_MAX} lines`);
  return lines as [string, ...string[]];
}

function decimal(text: string | undefined): bigint {
  if (text === undefined || !NUMBER.test(text)) throw new Error(`${text?.slice(0, 20)} is no decimal number`);
  return BigInt(text);
}

function fullHash(text: string | undefined): Bytes {
  const digest = fromHex(text ?? "");
  if (digest.length !== NO_HASH.length) throw new Error("a hash has 32 bytes");
  return digest;
}

function requireRising(numbers: readonly bigint[], wanted: number): void {
  const isRising = numbers.every((number, place) => place === 0 || (numbers[place - 1] as bigint) < number);
  if (!isRising || numbers.length !== wanted) throw new Error("the numbers do not rise from line to line");
}

function requireCanonical(written: readonly string[], text: string, what: string): void {
  if (written.join("\n") !== text) throw new Error(`not the canonical text of ${what}`);
}

/** Whether a statement's window is that of its epoch: epochs of one length follow each other from Unix time 0. */
export function hasItsWindow({ epoch, windowStart, windowEnd }: Statement): boolean {
  const seconds = windowEnd - windowStart;
  const isWhole = seconds > 0n && seconds <= EPOCH_SECONDS_MAX && windowEnd <= WINDOW_END_MAX;
  return isWhole && windowStart === epoch * seconds;
}

/** Whether a statement is the first of all. */
export function isFirst(statement: Statement): boolean {
  return isSame(statement.previousStatementHash, NO_HASH);
}

/** The root over the pages of a kind. */
export function rootFor(statement: Statement, kind: PageKind): Bytes {
  return kind === "usage" ? statement.usageRoot : statement.settlementRoot;
}
