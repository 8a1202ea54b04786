import { useSignal } from "@preact/signals";

import { DAYS } from "./days.ts";

const WIDTH = 4;

/** A bar for each of the last 90 days: of what kind it is, and how much of the height it takes, from 0 to 1. */
export interface Bar {
  readonly kind: string;
  readonly share: number;
}

interface DayBarsProps {
  readonly height: number;
  readonly kinds: readonly string[];
  /** The oldest day first; null where nothing is drawn. */
  readonly bars: readonly (Bar | null)[];
  /** What is told of the day under the pointer. */
  readonly textOf: (place: number) => string;
}

/** Bars of days. Those of one kind are one path: an element for each would take a phone long to draw. */
export function DayBars({ height, kinds, bars, textOf }: DayBarsProps) {
  const pointed = useSignal<number | null>(null);
  const point = ({ clientX, currentTarget }: PointerEvent) => {
    const { left, width } = (currentTarget as Element).getBoundingClientRect();
    pointed.value = Math.floor(((clientX - left) / width) * DAYS);
  };
  const pathOf = (kind: string) =>
    bars.map((bar, place) => (bar?.kind === kind ? barOf(place, Math.max(2, bar.share * height), height) : "")).join("");
  return (
    <svg viewBox={`0 0 ${DAYS * WIDTH} ${height}`} preserveAspectRatio="none" aria-hidden="true" onPointerMove={point}>
      <title>{pointed.value !== null && pointed.value in bars ? textOf(pointed.value) : ""}</title>
      {kinds.map((kind) => (
        <path key={kind} class={`day ${kind}`} d={pathOf(kind)} />
      ))}
    </svg>
  );
}

function barOf(place: number, tall: number, height: number): string {
  return `M${place * WIDTH} ${height - tall}h${WIDTH - 1}v${tall}h-${WIDTH - 1}z`;
}
