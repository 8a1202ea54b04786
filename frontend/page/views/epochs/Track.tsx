import type { State } from "../../../api/operations.ts";
import { STAGE_COUNT, stagesDone, STATE_WORDS } from "./way.ts";

/** How far an epoch is, as seven dots and in words. */
export function Track({ state }: { readonly state: State }) {
  const done = stagesDone(state);
  const dot = (place: number) => (place < done ? "done" : place === done && state !== "SKIPPED" ? "current" : "");
  return (
    <span class="track">
      <svg viewBox="0 0 98 14" width="98" height="14" aria-hidden="true">
        {Array.from({ length: STAGE_COUNT }, (_, place) => (
          <circle key={place} class={`track-dot ${dot(place)}`} cx={7 + place * 14} cy="7" r="4" />
        ))}
      </svg>
      {STATE_WORDS[state]}
    </span>
  );
}
