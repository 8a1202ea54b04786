import assert from "node:assert/strict";
import { test } from "node:test";

import { BrokenAnswerError, partsOf, type Part } from "./chat-stream.ts";

const ANSWER = [
  'data: {"choices": [{"delta": {"role": "assistant", "content": ""}}]}\n\n',
  'data: {"choices": [{"delta": {"content": "Grüß "}}]}\n\n',
  'data: {"choices": [{"delta": {"content": "Gott"}}]}\r\n\r\n',
  'data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}\n\n',
  ": x-flareflow-receipt eyJ\n: x-flareflow-cost 42.9945\ndata: [DONE]\n\n",
].join("");

async function* cut(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let begin = 0; begin < bytes.length; begin += size) yield bytes.slice(begin, begin + size);
}

async function all(bytes: AsyncIterable<Uint8Array>): Promise<Part[]> {
  const parts: Part[] = [];
  for await (const part of partsOf(bytes)) parts.push(part);
  return parts;
}

test("an answer is the same however its bytes are cut", async () => {
  for (const size of [1, 2, 7, 64, 10_000]) {
    assert.deepEqual(await all(cut(ANSWER, size)), [
      { name: "text", text: "Grüß " },
      { name: "text", text: "Gott" },
      { name: "usage", promptTokens: 9, completionTokens: 2 },
      { name: "cost", ratedTokens: "42.9945" },
    ]);
  }
});

test("an error within an answer is thrown with its message", async () => {
  const broken = 'data: {"choices": [{"delta": {"content": "Hel"}}]}\n\ndata: {"error": {"message": "overloaded"}}\n\n';
  await assert.rejects(all(cut(broken, 10)), (error) => error instanceof BrokenAnswerError && error.message === "overloaded");
});
