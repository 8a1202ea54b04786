import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

import { theme } from "../stores/theme.ts";
import "uplot/dist/uPlot.min.css";
import "./chart.css";

export interface Series {
  readonly label: string;
  readonly values: readonly number[];
}

interface ChartProps {
  /** What it shows, for those who do not see it; the numbers stand in a table as well. */
  readonly label: string;
  /** Beginnings of equal spans of time, in seconds since 1970, rising. */
  readonly times: readonly number[];
  /** At most six; they are stacked, the first at the bottom. */
  readonly series: readonly Series[];
  readonly timeText: (seconds: number) => string;
  readonly valueText: (value: number) => string;
}

const HEIGHT_REM = 16;

/** Bars over time, stacked by series, with what is below the pointer in the legend. */
export function Chart({ label, times, series, timeText, valueText }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const pointed = useSignal<number | null>(null);
  const { value: chosenTheme } = theme;
  useEffect(() => {
    const element = place.current;
    if (element === null || times.length === 0) return;
    let rem = 0;
    const draw = () => {
      rem = remOf(element);
      return drawn(element, times, series, timeText, valueText, pointed);
    };
    let plot = draw();
    const again = () => {
      plot.destroy();
      plot = draw();
    };
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", again);
    const resized = new ResizeObserver(() => {
      // Letters keep the size with which they were drawn.
      if (remOf(element) !== rem) again();
      else plot.setSize({ width: element.clientWidth, height: heightOf(element) });
    });
    resized.observe(element);
    return () => {
      dark.removeEventListener("change", again);
      resized.disconnect();
      plot.destroy();
    };
  }, [times, series, chosenTheme]);
  return (
    <figure class="chart">
      <div ref={place} class="chart-place" role="img" aria-label={label} />
      <Legend times={times} series={series} pointed={pointed} timeText={timeText} valueText={valueText} />
    </figure>
  );
}

type LegendProps = Omit<ChartProps, "label"> & { readonly pointed: Signal<number | null> };

function Legend({ times, series, pointed, timeText, valueText }: LegendProps) {
  const { value: index } = pointed;
  const time = index === null ? undefined : times[index];
  return (
    <figcaption class="chart-legend numbers">
      {series.map(({ label, values }, number) => (
        <span key={label}>
          <i class={`chart-mark chart-mark-${number + 1}`} />
          {label} <b>{valueText(index === null ? values.reduce((sum, value) => sum + value, 0) : (values[index] ?? 0))}</b>
        </span>
      ))}
      <span class="faint">{time === undefined ? "in all" : timeText(time)}</span>
    </figcaption>
  );
}

function drawn(
  element: HTMLElement,
  times: readonly number[],
  series: readonly Series[],
  timeText: (seconds: number) => string,
  valueText: (value: number) => string,
  pointed: Signal<number | null>,
): uPlot {
  const colour = coloursOf(element);
  const bars = uPlot.paths.bars!({ size: [0.7, 36], align: 1 });
  const rem = remOf(element);
  const font = `${0.75 * rem}px ${getComputedStyle(element).fontFamily}`;
  const last = times.at(-1) ?? 0;
  const axis = { stroke: colour("--ink-faint"), font, ticks: { show: false } };
  const options: uPlot.Options = {
    width: element.clientWidth,
    height: heightOf(element),
    legend: { show: false },
    padding: [12, 12, 0, 0],
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: { x: { time: true, range: () => spanOf(times) }, y: { range: (_, __, most) => [0, Math.max(most * 1.08, 1)] } },
    axes: [
      { ...axis, grid: { show: false }, values: (_, splits) => splits.map((seconds) => (seconds > last ? "" : timeText(seconds))), space: 5 * rem, size: 2.1 * rem },
      {
        ...axis,
        grid: { stroke: colour("--line"), width: 1 },
        values: (_, splits) => splits.map(valueText),
        size: 3.9 * rem,
        space: 2.9 * rem,
      },
    ],
    series: [
      {},
      ...[...series].map((_, index) => {
        const fill = colour(`--chart-${series.length - index}`);
        return { fill, stroke: fill, width: 0, paths: bars, points: { show: false } };
      }),
    ],
    hooks: { setCursor: [(plot) => (pointed.value = plot.cursor.idx ?? null)] },
  };
  return new uPlot(options, [[...times], ...stacked(series)], element);
}

/** From the first bar to the end of the last one. */
function spanOf(times: readonly number[]): [number, number] {
  const [first = 0] = times;
  const last = times.at(-1) ?? first;
  return [first, last + (times.length > 1 ? (times[1] ?? last) - first : 3_600)];
}

/** The highest stack first, so that lower ones are drawn over it. */
function stacked(series: readonly Series[]): number[][] {
  const sums: number[][] = [];
  for (const { values } of series) {
    const below = sums.at(-1);
    sums.push(values.map((value, index) => value + (below?.[index] ?? 0)));
  }
  return sums.reverse();
}

function heightOf(element: HTMLElement): number {
  return HEIGHT_REM * remOf(element);
}

/** Pixels of a rem: it is larger on large screens. */
function remOf(element: HTMLElement): number {
  return Number.parseFloat(getComputedStyle(element.ownerDocument.documentElement).fontSize);
}

/** Colours as a canvas takes them: those of the theme that is shown. */
function coloursOf(element: HTMLElement): (token: string) => string {
  const probe = document.createElement("i");
  return (token) => {
    probe.style.color = `var(${token})`;
    element.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
}
