import { dayText, durationText } from "../../text/time.ts";
import { DayBars } from "./DayBars.tsx";
import type { LagOfDay } from "./days.ts";

const HEIGHT = 120;

interface LagsProps {
  readonly days: readonly LagOfDay[];
}

/** How old the oldest epoch that was not charged yet was, on average of each day. */
export function Lags({ days }: LagsProps) {
  const known = days.flatMap(({ seconds }) => seconds ?? []);
  if (known.length === 0) return <p class="soft small">Nothing is known yet. A day appears here when it has begun.</p>;
  const most = Math.max(...known, 1);
  const mean = known.reduce((sum, seconds) => sum + seconds, 0) / known.length;
  return (
    <figure class="lags">
      <figcaption class="small soft">
        The age of the oldest epoch that was not charged yet, by the mean of each day: {durationText(mean)} on average,{" "}
        {durationText(most)} on the slowest day.
      </figcaption>
      <DayBars
        height={HEIGHT}
        kinds={["lag"]}
        bars={days.map(({ seconds }) => (seconds === null ? null : { kind: "lag", share: seconds / most }))}
        textOf={(place) => lagText(days[place])}
      />
      <div class="lags-axis faint">
        <span>{dayText(days[0]?.day ?? "")}</span>
        <span>Today</span>
      </div>
    </figure>
  );
}

function lagText(lag: LagOfDay | undefined): string {
  if (lag === undefined) return "";
  return `${dayText(lag.day)}: ${lag.seconds === null ? "nothing known" : durationText(lag.seconds)}`;
}
