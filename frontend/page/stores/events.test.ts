import assert from "node:assert/strict";
import { test } from "node:test";

import type { StatedEvent } from "../../api/operations.ts";
import { eventsFrom } from "./events.ts";

const PART = 3;

/** An API with so many calls, the newest with the highest number. */
function api(count: number) {
  const asked: (string | null)[] = [];
  const server = {
    count,
    isDown: false,
    asked,
    load: async (cursor: string | null) => {
      asked.push(cursor);
      if (server.isDown) throw new TypeError("offline");
      const newest = cursor === null ? server.count : Number(cursor);
      const numbers = Array.from({ length: Math.min(PART, newest) }, (_, index) => newest - index);
      const items = numbers.map((number) => ({ event: { event_id: `${number}` }, state: "pending" }) as StatedEvent);
      return { items, next_cursor: newest > PART ? `${newest - PART}` : null };
    },
  };
  return server;
}

const ids = (items: readonly StatedEvent[]) => items.map(({ event }) => event.event_id).join(" ");

test("older calls follow, part by part", async () => {
  const events = eventsFrom(api(7).load);
  await events.refresh();
  assert.equal(ids(events.items.value), "7 6 5");
  await events.more();
  await events.more();
  assert.equal(ids(events.items.value), "7 6 5 4 3 2 1");
  assert.equal(events.hasMore.value, false);
});

test("new calls are put in front, and older ones stay", async () => {
  // Given two parts of a list
  const server = api(6);
  const events = eventsFrom(server.load);
  await events.refresh();
  await events.more();
  // When four calls are new, more than a part has
  server.count = 10;
  await events.refresh();
  // Then all are there once, in their order
  assert.equal(ids(events.items.value), "10 9 8 7 6 5 4 3 2 1");
});

test("after a long absence the list begins anew, and goes on from there", async () => {
  const server = api(3);
  const events = eventsFrom(server.load);
  await events.refresh();
  server.count = 100;
  await events.refresh();
  assert.equal(ids(events.items.value.slice(0, 3)), "100 99 98");
  assert.equal(events.items.value.length, 15);
  await events.more();
  assert.equal(ids(events.items.value.slice(15)), "85 84 83");
});

test("what is shown stays while the server is down", async () => {
  const server = api(3);
  const events = eventsFrom(server.load);
  await events.refresh();
  server.isDown = true;
  await events.refresh();
  assert.equal(ids(events.items.value), "3 2 1");
  assert.equal(events.failure.value?.title, "The server cannot be reached");
  assert.equal(events.state.value, "ready");
});
