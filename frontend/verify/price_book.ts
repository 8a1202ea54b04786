/**
 * The price book (docs/price-book.md): what a token of each kind of each model weighs in rated micro-tokens.
 */
import { asciiJson, byName, FormError, list, objectAt, text, type Reader } from "./reading.ts";
import { matches, spellings } from "./model_names.ts";

export const TOKEN_KINDS = [
  "prompt",
  "cache_read",
  "cache_write",
  "completion",
  "reasoning",
  "audio_input",
  "audio_output",
] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

const INPUT_KINDS: readonly TokenKind[] = ["prompt", "cache_read", "cache_write", "audio_input"];
const UNITS = ["request", "image", "second", "nanousd"] as const;
const MODELS_MAX = 20_000;
const TITLE_CHARACTERS_MAX = 200;
const NAME = /^[!-~]{1,1024}$/;
const LONG_PRICES_MAX = 8;
const WEIGHT_MAX = 10n ** 18n;
const MILLISECONDS = 1_000n;

type Weights = Readonly<Partial<Record<TokenKind, bigint>>>;
type LongWeights = Weights & { readonly above: bigint };
export type Price = Weights &
  Readonly<Partial<Record<(typeof UNITS)[number], bigint>>> & { readonly long: readonly LongWeights[] };

/** What one call used: tokens by kind, images, milliseconds of sound, and what its provider charges in 1e-9 dollars. */
export interface Used {
  readonly tokens: Readonly<Partial<Record<TokenKind, bigint>>>;
  readonly units: Readonly<Partial<Record<"images" | "milliseconds", bigint>>>;
  readonly costNanousd: bigint;
}

export interface PriceBook {
  readonly version: bigint;
  readonly models: ReadonlyMap<string, Price>;
  readonly patterns: readonly { readonly match: string; readonly price: Price }[];
  readonly default: Price;
}

/** The book of its text. Throws for another form than the one in which it is hashed. */
export function parsePriceBook(json: string): PriceBook {
  const at = "the book";
  const given = wholeNumbersOf(json);
  if (sortedJson(given) !== json) throw new FormError("the book is not in its one form");
  const fields = fieldsOf(given, at, ["version", "title", "models", "patterns", "default"]);
  const { version, title } = fields;
  if (typeof version !== "bigint" || version < 1n) throw new FormError(`${at}.version: not a number from 1 on`);
  text(TITLE_CHARACTERS_MAX)(title, `${at}.title`);
  const models = byName(price, MODELS_MAX)(fields["models"], `${at}.models`);
  for (const model of models.keys()) modelName(model, `${at}.models`);
  if ([...models.keys()].some((one) => one !== one.toLowerCase())) throw new FormError("models are in lower case");
  return {
    version,
    models,
    patterns: orLeftOut(list(pattern, MODELS_MAX), [])(fields["patterns"], `${at}.patterns`),
    default: price(fields["default"], `${at}.default`),
  };
}

/** The price of a model; `baseModel` is what its deployment calls. The default where the book names neither. */
export function priceOf(book: PriceBook, model: string, baseModel: string | null): Price {
  const names = baseModel ? [model, baseModel] : [model];
  const others = names.toReversed().flatMap(spellings);
  const exact = names.map((name) => spellings(name)[0] as string);
  for (const name of [...exact, ...others]) {
    const found = book.models.get(name);
    if (found) return found;
  }
  const fitting = book.patterns.find(({ match }) => others.some((name) => matches(name, match)));
  return fitting?.price ?? book.default;
}

/** What `used` weighs: by amounts or by cost, whichever is more. Null when nothing that was used has a price. */
export function rate(price: Price, used: Used): bigint | null {
  const weights = weightsFor(price, inputTokens(used));
  const byKind = TOKEN_KINDS.map((kind) => [used.tokens[kind] ?? 0n, weightOf(weights, kind)] as const);
  const units = byUnits(price, used);
  const byAmounts = [...byKind.map(([amount, weight]) => amount * (weight ?? 0n)), ...units].reduce((a, b) => a + b, 0n);
  const byCost = used.costNanousd * (price.nanousd ?? 0n);
  const weighed = byAmounts > byCost ? byAmounts : byCost;
  const isPriced =
    byKind.some(([amount, weight]) => amount && weight !== undefined) ||
    units.length > 0 ||
    (used.costNanousd !== 0n && price.nanousd !== undefined);
  if (!weighed && isSomething(used) && !isPriced) return null;
  return (price.request ?? 0n) + weighed;
}

function isSomething({ tokens, units, costNanousd }: Used): boolean {
  return [...Object.values(tokens), ...Object.values(units), costNanousd].some(Boolean);
}

function inputTokens({ tokens }: Used): bigint {
  return INPUT_KINDS.reduce((sum, kind) => sum + (tokens[kind] ?? 0n), 0n);
}

function weightsFor(price: Price, input: bigint): Weights {
  return price.long.findLast(({ above }) => input > above) ?? price;
}

/** A kind of input without a weight of its own weighs as `prompt`, a kind of output as `completion`. */
function weightOf(weights: Weights, kind: TokenKind): bigint | undefined {
  return weights[kind] ?? weights[INPUT_KINDS.includes(kind) ? "prompt" : "completion"];
}

/** What all that was used and has a price weighs beside tokens. Parts of a second are rounded down. */
function byUnits(price: Price, { units: { images = 0n, milliseconds = 0n } }: Used): readonly bigint[] {
  const ofImages = images && price.image !== undefined ? [images * price.image] : [];
  const ofSound = milliseconds && price.second !== undefined ? [(milliseconds * price.second) / MILLISECONDS] : [];
  return [...ofImages, ...ofSound];
}

const weight: Reader<bigint> = (given, at) => {
  if (typeof given !== "bigint" || given < 0n || given > WEIGHT_MAX) throw new FormError(`${at}: not a weight`);
  return given;
};

const limit: Reader<bigint> = (given, at) => {
  if (typeof given !== "bigint" || given < 0n) throw new FormError(`${at}: not a number of tokens`);
  return given;
};

const modelName: Reader<string> = (given, at) => {
  const name = text(1024)(given, at);
  if (!NAME.test(name)) throw new FormError(`${at}: a name has 1 to 1,024 printed ASCII characters without spaces`);
  return name;
};

const long: Reader<LongWeights> = (given, at) => {
  const fields = fieldsOf(given, at, [...TOKEN_KINDS, "above"]);
  return { ...weighed(fields, TOKEN_KINDS, at), above: limit(fields["above"], `${at}.above`) };
};

const price: Reader<Price> = (given, at) => {
  const fields = fieldsOf(given, at, [...TOKEN_KINDS, ...UNITS, "long"]);
  const longer = orLeftOut(list(long, LONG_PRICES_MAX, 1), [])(fields["long"], `${at}.long`);
  const found = { ...weighed(fields, [...TOKEN_KINDS, ...UNITS], at), long: longer };
  requireWhole(found, at);
  return found;
};

/** Throws for a price that weighs nothing, or less for a longer input, or that names a weight of 0 for each call. */
function requireWhole(found: Price, at: string): void {
  const { request, long: longer } = found;
  if (request === undefined && (["prompt", "image", "second", "nanousd"] as const).every((one) => found[one] === undefined)) {
    throw new FormError(`${at}: a price has at least one of prompt, request, image, second, nanousd`);
  }
  if (request === 0n) throw new FormError(`${at}.request: a weight of 0 is left out`);
  if ((found.prompt === undefined) !== (found.completion === undefined)) {
    throw new FormError(`${at}: weights for both prompt and completion, or for none of them`);
  }
  for (const [place, higher] of longer.entries()) {
    const lower: Weights & { readonly above?: bigint } = longer[place - 1] ?? found;
    if (TOKEN_KINDS.some((kind) => (weightOf(lower, kind) ?? 0n) > (weightOf(higher, kind) ?? 0n))) {
      throw new FormError(`${at}.long: a longer input makes no kind of tokens cheaper`);
    }
    if (lower.above !== undefined && lower.above >= higher.above) throw new FormError(`${at}.long: not in order`);
  }
}

const pattern: Reader<{ readonly match: string; readonly price: Price }> = (given, at) => {
  const fields = fieldsOf(given, at, ["match", "price"]);
  return { match: modelName(fields["match"], `${at}.match`), price: price(fields["price"], `${at}.price`) };
};

/** What is read, or `otherwise` where the field is left out. */
function orLeftOut<T>(reader: Reader<T>, otherwise: T): Reader<T> {
  return (given, at) => (given === undefined ? otherwise : reader(given, at));
}

function weighed<N extends string>(
  fields: Fields,
  names: readonly N[],
  at: string,
): Readonly<Partial<Record<N, bigint>>> {
  const given = names.filter((name) => fields[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, weight(fields[name], `${at}.${name}`)])) as Partial<Record<N, bigint>>;
}

type Fields = Readonly<Record<string, unknown>>;

/** The fields of an object that has none but these. */
function fieldsOf(given: unknown, at: string, names: readonly string[]): Fields {
  const fields = objectAt(given, at);
  const other = Object.keys(fields).find((name) => !names.includes(name));
  if (other !== undefined) throw new FormError(`${at}: an unknown field ${other.slice(0, 40)}`);
  return fields;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/g;

/** JSON whose whole numbers become bigint: a weight may be above 2^53. Throws for other numbers. */
function wholeNumbersOf(json: string): unknown {
  let mark = "whole number";
  while (json.includes(mark)) mark += ".";
  const marked = json.replace(TOKEN, (token) => (token.startsWith('"') ? token : `{"${mark}":"${token}"}`));
  return JSON.parse(marked, (_, value: unknown) => {
    const digits = (value as Fields | null)?.[mark];
    return typeof digits === "string" ? BigInt(digits) : value;
  });
}

/** JSON in ASCII with sorted names and no spaces, whose whole numbers are bigint. */
function sortedJson(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return asciiJson(value);
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([name, one]) => `${asciiJson(name)}:${sortedJson(one)}`).join(",")}}`;
}
