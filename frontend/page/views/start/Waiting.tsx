import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";

import { Meter } from "../../components/Meter.tsx";
import { now } from "../../stores/clock.ts";
import { durationText } from "../../text/time.ts";

/** FlareFlow reads what happened on Flow at least this often, in seconds. */
const READS_EVERY_S = 300;

/** What is waited for, and for how long already. */
export function Waiting({ children }: { readonly children: ComponentChildren }) {
  const since = useSignal(now.peek());
  const seconds = Math.max(0, Math.floor((now.value - since.value) / 1_000));
  return (
    <div class="stack tight start-waiting">
      <p class="soft prose" role="status">
        {children}
      </p>
      <Meter label="Time waited, of five minutes" part={BigInt(seconds)} whole={BigInt(READS_EVERY_S)} />
      <p class="faint small numbers">
        {seconds <= READS_EVERY_S ? (
          <>Waiting for {durationText(seconds)}. It takes five minutes at most; you may leave this page and come back.</>
        ) : (
          <>
            Waiting for {durationText(seconds)}, longer than usual. <a href="#/network">Network</a> shows whether Flow is being
            read.
          </>
        )}
      </p>
    </div>
  );
}
