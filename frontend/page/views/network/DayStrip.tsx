import { useSignal } from "@preact/signals";

import { dayText } from "../../text/time.ts";
import { DAYS, onTimeText, type Day } from "./days.ts";

const WIDTH = 4;
const HEIGHT = 28;
const CLASSES = ["", "good", "fair", "poor"] as const;

/** 90 days of one system as bars, and what they come to in words. The day under the pointer is told. */
export function DayStrip({ days }: { readonly days: readonly Day[] }) {
  const pointed = useSignal<Day | null>(null);
  const onTime = onTimeText(days);
  const point = ({ clientX, currentTarget }: PointerEvent) => {
    const { left, width } = (currentTarget as Element).getBoundingClientRect();
    pointed.value = days[Math.floor(((clientX - left) / width) * DAYS)] ?? null;
  };
  return (
    <figure class="days">
      <svg viewBox={`0 0 ${DAYS * WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" onPointerMove={point}>
        <title>{pointed.value === null ? "" : shareText(pointed.value)}</title>
        {CLASSES.map((name) => (
          <path key={name} class={`day ${name}`} d={barsOf(days, name)} />
        ))}
      </svg>
      <figcaption>
        <span>90 days</span>
        <span>{onTime === null ? "Nothing known yet" : `On time ${onTime}`}</span>
      </figcaption>
    </figure>
  );
}

/** The bars of one colour as one path: an element for each day would take a phone long to draw. */
function barsOf(days: readonly Day[], name: string): string {
  return days.map(({ share }, place) => (classOf(share) === name ? `M${place * WIDTH} 0h${WIDTH - 1}v${HEIGHT}h-${WIDTH - 1}z` : "")).join("");
}

function shareText({ day, share }: Day): string {
  return share === null ? `${dayText(day)}: nothing known` : `${dayText(day)}: on time ${(share * 100).toFixed(1)} %`;
}

function classOf(share: number | null): (typeof CLASSES)[number] {
  if (share === null) return "";
  if (share === 1) return "good";
  return share >= 0.95 ? "fair" : "poor";
}
