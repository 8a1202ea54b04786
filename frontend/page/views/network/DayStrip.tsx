import { dayText } from "../../text/time.ts";
import { DAYS, onTimeText, type Day } from "./days.ts";

const WIDTH = 4;
const HEIGHT = 28;

/** 90 days of one system as bars, and what they come to in words. */
export function DayStrip({ days }: { readonly days: readonly Day[] }) {
  const onTime = onTimeText(days);
  return (
    <figure class="days">
      <svg viewBox={`0 0 ${DAYS * WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {days.map(({ day, share }, place) => (
          <rect key={day} class={`day ${classOf(share)}`} x={place * WIDTH} y="0" width={WIDTH - 1} height={HEIGHT}>
            <title>{share === null ? `${dayText(day)}: nothing known` : `${dayText(day)}: on time ${(share * 100).toFixed(1)} %`}</title>
          </rect>
        ))}
      </svg>
      <figcaption>
        <span>90 days</span>
        <span>{onTime === null ? "Nothing known yet" : `On time ${onTime}`}</span>
      </figcaption>
    </figure>
  );
}

function classOf(share: number | null): string {
  if (share === null) return "";
  if (share === 1) return "good";
  return share >= 0.95 ? "fair" : "poor";
}
