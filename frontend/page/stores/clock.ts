import { signal } from "@preact/signals";

/** The time in milliseconds, each second, for what counts down or tells how long ago something was. */
export const now = signal(Date.now());

setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1_000);
