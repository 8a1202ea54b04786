import { useSignal } from "@preact/signals";

import { failureOf, type Failure } from "../text/failures.ts";

export interface Doing {
  readonly isBusy: boolean;
  readonly failure: Failure | null;
  /** Does it; a failure is kept, to be shown beside the button. */
  readonly run: (work: () => Promise<void>) => Promise<void>;
}

/** One request at a time, with its failure. */
export function useDoing(): Doing {
  const isBusy = useSignal(false);
  const failure = useSignal<Failure | null>(null);
  return {
    isBusy: isBusy.value,
    failure: failure.value,
    run: async (work) => {
      if (isBusy.peek()) return;
      isBusy.value = true;
      failure.value = null;
      try {
        await work();
      } catch (error) {
        failure.value = failureOf(error);
      } finally {
        isBusy.value = false;
      }
    },
  };
}
