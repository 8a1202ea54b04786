import { dayText, durationText } from "../../text/time.ts";

const WIDTH = 10;
const HEIGHT = 120;

interface LagsProps {
  readonly days: readonly { readonly day: string; readonly seconds: number | null }[];
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
      <svg viewBox={`0 0 ${days.length * WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {days.map(({ day, seconds }, place) => {
          const height = Math.max(2, ((seconds ?? 0) / most) * HEIGHT);
          return (
            seconds !== null && (
              <rect key={day} class="lag" x={place * WIDTH} y={HEIGHT - height} width={WIDTH - 2} height={height} rx="1.5">
                <title>{`${dayText(day)}: ${durationText(seconds)}`}</title>
              </rect>
            )
          );
        })}
      </svg>
      <div class="lags-axis faint">
        <span>{dayText(days[0]?.day ?? "")}</span>
        <span>Today</span>
      </div>
    </figure>
  );
}
