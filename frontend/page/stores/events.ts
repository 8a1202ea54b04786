/** The billed calls of a subscription, newest first, in parts; new ones are put in front. */
import { signal, type ReadonlySignal } from "@preact/signals";

import type { StatedEvent, StatedEventPage } from "../../api/operations.ts";
import { failureOf, type Failure } from "../text/failures.ts";

export interface Events {
  readonly items: ReadonlySignal<readonly StatedEvent[]>;
  readonly state: ReadonlySignal<"loading" | "ready" | "failed">;
  readonly failure: ReadonlySignal<Failure | null>;
  /** Whether there are older ones. */
  readonly hasMore: ReadonlySignal<boolean>;
  /** Asks for what is new. */
  readonly refresh: () => Promise<void>;
  /** Asks for one part of older ones. */
  readonly more: () => Promise<void>;
}

export const EVENTS_MAX = 10_000;
/** Parts that are read to meet what is known already; after a longer absence the list begins anew. */
const NEW_PARTS_MAX = 5;

export function eventsFrom(load: (cursor: string | null) => Promise<StatedEventPage>): Events {
  const items = signal<readonly StatedEvent[]>([]);
  const state = signal<"loading" | "ready" | "failed">("loading");
  const failure = signal<Failure | null>(null);
  const hasMore = signal(false);
  let older: string | null = null;
  let last: Promise<void> = Promise.resolve();

  /** One request after the other, so that no answer overtakes another. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    last = last.then(async () => {
      try {
        await work();
        failure.value = null;
        state.value = "ready";
      } catch (error) {
        failure.value = failureOf(error);
        if (state.peek() === "loading") state.value = "failed";
      }
    });
    return last;
  }

  async function refresh(): Promise<void> {
    const known = new Set(items.peek().map(({ event }) => event.event_id));
    const fresh: StatedEvent[] = [];
    let cursor: string | null = null;
    for (let part = 0; part < NEW_PARTS_MAX; part += 1) {
      const page: StatedEventPage = await load(cursor);
      fresh.push(...page.items);
      cursor = page.next_cursor;
      if (cursor === null || page.items.some(({ event }) => known.has(event.event_id))) {
        if (known.size === 0) keepOlder(cursor);
        items.value = merged(fresh, items.peek());
        return;
      }
      if (known.size === 0) break;
    }
    items.value = fresh;
    keepOlder(cursor);
  }

  async function more(): Promise<void> {
    if (older === null || items.peek().length >= EVENTS_MAX) return;
    const page = await load(older);
    items.value = merged(items.peek(), page.items);
    keepOlder(page.next_cursor);
  }

  function keepOlder(cursor: string | null): void {
    older = cursor;
    hasMore.value = cursor !== null && items.peek().length < EVENTS_MAX;
  }

  return { items, state, failure, hasMore, refresh: () => inTurn(refresh), more: () => inTurn(more) };
}

/** Both lists without repetitions; what the first one says of an event holds. */
function merged(first: readonly StatedEvent[], second: readonly StatedEvent[]): readonly StatedEvent[] {
  const known = new Set(first.map(({ event }) => event.event_id));
  return [...first, ...second.filter(({ event }) => !known.has(event.event_id))];
}
