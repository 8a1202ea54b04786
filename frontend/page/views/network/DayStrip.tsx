import { dayText } from "../../text/time.ts";
import { DayBars } from "./DayBars.tsx";
import { onTimeText, type Day } from "./days.ts";

const HEIGHT = 28;
const KINDS = ["unknown", "good", "fair", "poor"] as const;

/** 90 days of one system as bars, and what they come to in words. The day under the pointer is told. */
export function DayStrip({ days }: { readonly days: readonly Day[] }) {
  const onTime = onTimeText(days);
  return (
    <figure class="days">
      <DayBars
        height={HEIGHT}
        kinds={KINDS}
        bars={days.map(({ share }) => ({ kind: kindOf(share), share: 1 }))}
        textOf={(place) => (days[place] === undefined ? "" : shareText(days[place]))}
      />
      <figcaption>
        <span>90 days</span>
        <span>{onTime === null ? "Nothing known yet" : `On time ${onTime}`}</span>
      </figcaption>
    </figure>
  );
}

function shareText({ day, share }: Day): string {
  return share === null ? `${dayText(day)}: nothing known` : `${dayText(day)}: on time ${(share * 100).toFixed(1)} %`;
}

function kindOf(share: number | null): (typeof KINDS)[number] {
  if (share === null) return "unknown";
  if (share === 1) return "good";
  return share >= 0.95 ? "fair" : "poor";
}
