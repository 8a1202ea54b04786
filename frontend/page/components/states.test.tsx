import assert from "node:assert/strict";
import { test } from "node:test";

import { renderToString } from "preact-render-to-string";

import { resource, type Resource } from "../stores/resource.ts";
import { Show, ShowAny } from "./states.tsx";

/** A view of two resources, as text; each has an answer, or has failed. */
async function shown(answers: readonly (string | Error)[]): Promise<string> {
  const all: readonly Resource<string>[] = answers.map((answer) =>
    resource(() => (typeof answer === "string" ? Promise.resolve(answer) : Promise.reject(answer))),
  );
  await Promise.all(all.map((one) => one.known()));
  const html = renderToString(<ShowAny of={all}>{all.map((one) => <Show of={one} height={1}>{(text) => text}</Show>)}</ShowAny>);
  return html.replace(/<[^>]+>/g, " ");
}

test("a view of which nothing can be had says so once", async () => {
  // Given a server that answers nothing, When a view of two answers is shown
  const said = await shown([new TypeError("no answer"), new TypeError("no answer")]);
  // Then there is one message, with one way to try again
  assert.equal(said.match(/The server cannot be reached/g)?.length, 1);
  assert.equal(said.match(/Try again/g)?.length, 1);
});

test("a view of which a part can be had shows it, and says what is missing", async () => {
  const said = await shown(["all is well", new TypeError("no answer")]);
  assert.match(said, /all is well/);
  assert.match(said, /The server cannot be reached/);
});
