import type { Keeper, Stage } from "./way.ts";

const WIDTH = 1000;
const LANES: readonly Keeper[] = ["FlareFlow", "Flare", "Flow"];
const LANE_HEIGHT = 84;
const FIRST_X = 150;
const GAP_X = 131;
const HEIGHT = LANES.length * LANE_HEIGHT;

/**
 * The way as a line through the systems in which each stage happens. It only draws what the list below it says, so
 * screen readers are not told of it.
 */
export function WayPicture({ stages }: { readonly stages: readonly Stage[] }) {
  return (
    <svg class="way-picture" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      {LANES.map((keeper, lane) => (
        <g key={keeper}>
          <rect class="way-lane" x="0" y={lane * LANE_HEIGHT + 3} width={WIDTH} height={LANE_HEIGHT - 6} rx="12" />
          <text class="way-keeper" x="22" y={middle(lane) + 5}>
            {keeper}
          </text>
        </g>
      ))}
      {stages.slice(1).map((stage, place) => (
        <path key={stage.title} class={`way-line ${stage.state}`} d={between(stages, place)} />
      ))}
      {stages.map((stage, place) => (
        <Node key={stage.title} stage={stage} {...pointOf(stage, place)} />
      ))}
    </svg>
  );
}

function Node({ stage, x, y }: { readonly stage: Stage; readonly x: number; readonly y: number }) {
  return (
    <g class={`way-node ${stage.state}`}>
      {stage.state === "current" && <circle class="way-pulse" cx={x} cy={y} r="11" />}
      <circle cx={x} cy={y} r="10" />
      {stage.state === "done" && <path class="way-check" d={`M${x - 4.5} ${y + 0.5}l3.2 3.2 5.8-6.6`} />}
      <text x={x} y={y + 31}>
        {stage.title}
      </text>
    </g>
  );
}

function middle(lane: number): number {
  return lane * LANE_HEIGHT + LANE_HEIGHT / 2;
}

function pointOf({ keeper }: Stage, place: number): { readonly x: number; readonly y: number } {
  return { x: FIRST_X + place * GAP_X, y: middle(LANES.indexOf(keeper)) - 8 };
}

/** From one node to the next; a change of the system is a curve. */
function between(stages: readonly Stage[], place: number): string {
  const from = pointOf(stages[place] as Stage, place);
  const to = pointOf(stages[place + 1] as Stage, place + 1);
  const half = (from.x + to.x) / 2;
  return `M${from.x + 10} ${from.y}C${half + 20} ${from.y} ${half - 20} ${to.y} ${to.x - 10} ${to.y}`;
}
