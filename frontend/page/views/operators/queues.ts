import type { DeadLetters, QueueName, Redriven } from "../../../api/operations.ts";
import { countText } from "../../../verify/amounts.ts";

const DEAD_LETTERS: Readonly<Record<DeadLetters, true>> = {
  usage_slices_dead_letters: true,
  stream_dead_letters: true,
  webhooks_dead_letters: true,
};

/** Whether messages of a queue were given up, and wait for a person. */
export function isOfDeadLetters(name: QueueName): name is DeadLetters {
  return name in DEAD_LETTERS;
}

/** What trying again came to. */
export function redrivenText({ moved, left }: Redriven): string {
  const went = moved === "1" ? "1 message is tried again." : `${countText(moved)} messages are tried again.`;
  return left === "0" ? went : `${went} ${countText(left)} stay: it is not known where they came from.`;
}
