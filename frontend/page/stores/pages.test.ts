import assert from "node:assert/strict";
import { test } from "node:test";

import { collected, pages } from "./pages.ts";

/** A list of three parts, and the cursors with which it was asked. */
function threeParts() {
  const asked: (string | null)[] = [];
  const list = pages(async (cursor) => {
    asked.push(cursor);
    const number = Number(cursor ?? 1);
    return { items: [`item ${number}`], next_cursor: number < 3 ? String(number + 1) : null };
  });
  const shown = () => {
    const state = list.state.value;
    assert.ok(state.name === "ready");
    return state.value;
  };
  return { list, asked, shown };
}

test("a list goes on with the part that was asked for", async () => {
  const { list, asked, shown } = threeParts();
  await list.reload();
  assert.deepEqual(shown(), { items: ["item 1"], hasMore: true });
  await list.more();
  await list.more();
  assert.deepEqual(shown(), { items: ["item 1", "item 2", "item 3"], hasMore: false });
  assert.deepEqual(asked, [null, "2", "3"]);
});

test("asking again asks for all that is shown", async () => {
  const { list, asked, shown } = threeParts();
  await list.reload();
  await list.more();
  await list.reload();
  assert.deepEqual(asked, [null, "2", null, "2"]);
  assert.equal(shown().items.length, 2);
});

test("a list is collected to its end, to what is enough, or to as many parts as are allowed", async () => {
  const part = async (cursor: string | null) => {
    const number = Number(cursor ?? 1);
    return { items: [number], next_cursor: number < 3 ? String(number + 1) : null };
  };
  assert.deepEqual(await collected(part, 3), { items: [1, 2, 3], isCut: false });
  assert.deepEqual(await collected(part, 2), { items: [1, 2], isCut: true });
  assert.deepEqual(await collected(part, 3, (items) => items.includes(2)), { items: [1, 2], isCut: false });
});
