/** Usage over time as series of equal length, for charts. */

export type Span = "hour" | "day";

const SECONDS: Readonly<Record<Span, number>> = { hour: 3_600, day: 86_400 };

/** The beginnings of the spans of UTC of the last days up to now, in seconds since 1970, rising. */
export function spansOf(span: Span, days: number, now: number): readonly number[] {
  const length = SECONDS[span];
  const last = Math.floor(now / 1000 / length) * length;
  const count = (days * 86_400) / length;
  return Array.from({ length: count }, (_, index) => last - (count - 1 - index) * length);
}

interface Point {
  readonly start: string | null;
  readonly name: string;
  readonly micro: bigint;
}

/** The largest names have their own series; all others share one. */
const NAMES_MAX = 5;
export const OTHERS = "Others";

/** Rated tokens by name for each span, the name with the most first. Spans without usage have 0. */
export function seriesOf(
  spans: readonly number[],
  points: readonly Point[],
): readonly { readonly label: string; readonly values: readonly number[] }[] {
  const totals = new Map<string, bigint>();
  for (const { name, micro } of points) totals.set(name, (totals.get(name) ?? 0n) + micro);
  const names = [...totals].sort(([, one], [, other]) => (one < other ? 1 : one > other ? -1 : 0)).map(([name]) => name);
  const own = new Set(names.length <= NAMES_MAX + 1 ? names : names.slice(0, NAMES_MAX));
  const labels = own.size === names.length ? names : [...own, OTHERS];
  const indexes = new Map(spans.map((seconds, index) => [seconds, index]));
  const values = new Map(labels.map((label) => [label, spans.map(() => 0)]));
  for (const { start, name, micro } of points) {
    const index = indexes.get(Date.parse(start ?? "") / 1000);
    const series = values.get(own.has(name) ? name : OTHERS);
    if (index !== undefined && series !== undefined) series[index]! += Number(micro) / 1e6;
  }
  return labels.map((label) => ({ label, values: values.get(label) ?? [] }));
}
