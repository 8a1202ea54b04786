import { live } from "../../stores/live.ts";
import { epochs } from "../../stores/server.ts";
import { newest, newestAttested, type Reached } from "../../text/stages.ts";

/** The newest epochs that have come so far, by live messages, the list of epochs and the subscription's last charge. */
export function reachedNow(settledEpoch: string | null): Reached {
  epochs.want();
  const state = epochs.state.value;
  const listed = state.name === "ready" ? state.value : [];
  const { sealed, attested, settled } = live.value;
  return {
    sealed: newest([sealed?.epoch, listed[0]?.epoch]),
    attested: newest([attested?.epoch, newestAttested(listed)?.toString()]),
    settled: newest([settled?.epoch, settledEpoch]),
  };
}
