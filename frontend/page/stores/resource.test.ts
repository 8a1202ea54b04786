import assert from "node:assert/strict";
import { test } from "node:test";

import { resource } from "./resource.ts";

test("what is shown stays when asking again fails, with the failure beside it", async () => {
  // Given an answer
  const answers = [async () => "first", () => Promise.reject(new TypeError("offline"))];
  const shown = resource(() => answers.shift()!());
  await shown.reload();
  // When the server cannot be reached any more
  await shown.reload();
  // Then the answer is still there
  const state = shown.state.value;
  assert.equal(state.name === "ready" && state.value, "first");
  assert.equal(state.name === "ready" && state.failure?.title, "The server cannot be reached");
});

test("an answer that comes after it was forgotten is not shown", async () => {
  // Given a question of one account that is under way
  let answer = (_: string): void => undefined;
  const shown = resource(() => new Promise<string>((resolve) => (answer = resolve)));
  const asked = shown.reload();
  // When somebody else signs in before the answer is there
  shown.forget();
  answer("the first account's");
  await asked;
  // Then it is shown to nobody
  assert.equal(shown.state.value.name, "loading");
});

test("what many views want at once is asked for once", async () => {
  let asked = 0;
  const shown = resource(async () => (asked += 1));
  shown.want();
  shown.want();
  await Promise.resolve();
  assert.equal(asked, 1);
});

test("what is asked for again and again while an answer is awaited is asked for once more", async () => {
  // Given a server that takes longer to answer than the page waits until it asks again
  const answers: ((value: string) => void)[] = [];
  const shown = resource(() => new Promise<string>((resolve) => answers.push(resolve)));
  void shown.reload();
  // When it is asked for three times more before the first answer
  const again = [shown.reload(), shown.reload(), shown.reload()];
  answers[0]?.("first");
  await new Promise((resume) => setTimeout(resume));
  // Then the first answer is shown meanwhile, and there is one request more
  const state = shown.state.value;
  assert.equal(state.name === "ready" && state.value, "first");
  assert.equal(answers.length, 2);
  answers[1]?.("second");
  await Promise.all(again);
  const last = shown.state.value;
  assert.equal(last.name === "ready" && last.value, "second");
});

test("what waits to be asked for again is not asked for another account", async () => {
  const answers: ((value: string) => void)[] = [];
  const shown = resource(() => new Promise<string>((resolve) => answers.push(resolve)));
  void shown.reload();
  const again = shown.reload();
  shown.forget();
  answers[0]?.("the first account's");
  await again;
  assert.equal(answers.length, 1);
});

test("whoever asks again as soon as an answer is there does not lose what others have asked for", async () => {
  const answers: ((value: string) => void)[] = [];
  const shown = resource(() => new Promise<string>((resolve) => answers.push(resolve)));
  const pass = () => new Promise((resume) => setTimeout(resume));
  // Given one that asks again at once after the first answer, and another that has asked meanwhile
  const atOnce = shown.reload().then(() => shown.reload());
  const meanwhile = shown.reload();
  // When the answer comes, one request more is for both
  answers[0]?.("first");
  await pass();
  assert.equal(answers.length, 2);
  answers[1]?.("second");
  await Promise.all([atOnce, meanwhile]);
  // Then what is asked for during a later request is asked for too
  void shown.reload();
  void shown.reload();
  answers[2]?.("third");
  await pass();
  assert.equal(answers.length, 4);
});
