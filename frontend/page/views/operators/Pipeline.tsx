import type { Epoch, Status } from "../../../api/operations.ts";
import { countText } from "../../../verify/amounts.ts";
import { Stat, Stats } from "../../components/Stat.tsx";
import { Notice, Show } from "../../components/states.tsx";
import { now } from "../../stores/clock.ts";
import { useFresh } from "../../stores/fresh.ts";
import { epochs, status } from "../../stores/server.ts";
import { agoText, durationText } from "../../text/time.ts";
import { endOf, heldUp, isFar } from "./pipeline.ts";

const ASKED_EVERY_MS = 15_000;

/** How far usage has come: metered, sealed, attested, charged; how late each is, and what holds epochs up. */
export function Pipeline() {
  useFresh(status, ASKED_EVERY_MS);
  useFresh(epochs, ASKED_EVERY_MS);
  return (
    <section class="stack tight" aria-labelledby="operators-pipeline">
      <h2 id="operators-pipeline">From use to charge</h2>
      <Show of={status} height={7}>
        {(told) => (
          <Show of={epochs} height={7}>
            {(newest) => (
              <>
                <Lags told={told} newest={newest} />
                <HeldUp newest={newest} />
              </>
            )}
          </Show>
        )}
      </Show>
    </section>
  );
}

function Lags({ told: { systems, pipeline }, newest }: { readonly told: Status; readonly newest: readonly Epoch[] }) {
  const lag = Number(pipeline.lag_seconds);
  const metering = systems.find(({ system }) => system === "litellm");
  const ago = (at: string | null) => (at === null ? "–" : agoText(at, now.value));
  return (
    <Stats>
      <Stat label="Metered up to" value={ago(metering?.as_of ?? null)} tone={metering?.health === "late" ? "warn" : undefined} />
      <Stat label="Sealed up to" value={ago(pipeline.sealed_to)} />
      <Stat label="Attested up to" value={ago(endOf(newest, "attested"))} />
      <Stat label="Charged up to" value={ago(endOf(newest, "settled"))} />
      <Stat
        label="The oldest waits for"
        value={lag === 0 ? "–" : durationText(lag)}
        note={`${countText(pipeline.unsettled)} on the way`}
        tone={isFar(lag) ? "warn" : undefined}
      />
    </Stats>
  );
}

function HeldUp({ newest }: { readonly newest: readonly Epoch[] }) {
  const held = heldUp(newest);
  if (held.length === 0) return null;
  return (
    <Notice tone="warn">
      <ul class="held-up" aria-label="What holds epochs up">
        {held.map(({ epoch, reason }) => (
          <li key={epoch}>
            <a href={`#/epochs/${epoch}`}>Epoch {epoch}</a>: {reason}
          </li>
        ))}
      </ul>
    </Notice>
  );
}
