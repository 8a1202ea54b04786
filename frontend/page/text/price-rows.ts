/** The price book as a table: a row for each model, and one for each length of input from which it costs more. */
import type { Price, PriceBook } from "../../api/operations.ts";
import { countText } from "../../verify/amounts.ts";

export const KINDS = ["prompt", "cache_read", "cache_write", "completion", "reasoning"] as const;
export type Kind = (typeof KINDS)[number];

/** `weights`: rated micro-tokens of a token of each kind; null where such tokens have no price. */
export interface PriceRow {
  readonly key: string;
  readonly model: string;
  /** For which calls of the model, where not for all. */
  readonly only: string | null;
  readonly weights: Readonly<Record<Kind, number | null>>;
  /** What else is paid for, such as an image: told of the rows that are shown, which are few of thousands. */
  readonly others: () => readonly { readonly of: string; readonly weight: number }[];
  /** The weight of a dollar of the provider's cost, where a call costs that if it is more. */
  readonly dollarWeight: number | null;
}

type Weights = Pick<Price, Kind | "audio_input" | "audio_output">;

export function priceRows(book: PriceBook): readonly PriceRow[] {
  return [
    ...inOrder(book.models).flatMap(([model, price]) => rowsOf(model, price)),
    ...(book.patterns ?? []).flatMap(({ match, price }) => rowsOf(match, price)),
    ...rowsOf("Every other model", book.default),
  ];
}

/** By rank, and then by name: the book is canonical JSON, whose names are in order. */
function inOrder(models: PriceBook["models"]): readonly (readonly [string, Price])[] {
  const ranked: [string, Price][][] = [[], [], []];
  for (const [model, price] of Object.entries(models)) ranked[rank(model, price)]?.push([model, price]);
  return ranked.flat();
}

/** Models that are paid by tokens come first, and of these the ones with a plain name. */
function rank(model: string, price: Price): 0 | 1 | 2 {
  if (price.prompt == null && price.completion == null) return 2;
  return /\/|^[a-z-]+\.[a-z]/.test(model) ? 1 : 0;
}

function rowsOf(model: string, price: Price): PriceRow[] {
  const whole = rowOf(model, null, price, price);
  const long = (price.long ?? []).map((weights) =>
    rowOf(model, `input above ${countText(weights.above)} tokens`, weights, price),
  );
  return [whole, ...long];
}

function rowOf(model: string, only: string | null, weights: Weights, price: Price): PriceRow {
  const prompt = weights.prompt ?? null;
  const completion = weights.completion ?? null;
  return {
    key: only === null ? model : `${model}, ${only}`,
    model,
    only,
    weights: {
      prompt,
      cache_read: weights.cache_read ?? prompt,
      cache_write: weights.cache_write ?? prompt,
      completion,
      reasoning: weights.reasoning ?? completion,
    },
    others: () => othersOf(weights, price),
    dollarWeight: price.nanousd ? price.nanousd * 1e9 : null,
  };
}

function othersOf(weights: Weights, price: Price): ReturnType<PriceRow["others"]> {
  return [
    { of: "sound in, 1M tokens", weight: million(weights.audio_input) },
    { of: "sound out, 1M tokens", weight: million(weights.audio_output) },
    { of: "a call", weight: price.request ?? 0 },
    { of: "an image", weight: price.image ?? 0 },
    { of: "a second of sound", weight: price.second ?? 0 },
  ].filter(({ weight }) => weight > 0);
}

function million(weight: number | null | undefined): number {
  return (weight ?? 0) * 1e6;
}

/** The rows whose model has every word of `search` in its name. */
export function found(rows: readonly PriceRow[], search: string): readonly PriceRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length === 0 ? rows : rows.filter(({ model }) => words.every((word) => model.toLowerCase().includes(word)));
}
