import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, apiClient } from "./client.ts";

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

function answering(status: number, body: string | null, type: string): { sent: Sent[]; fetch: typeof fetch } {
  const sent: Sent[] = [];
  const answer = async (url: string | URL | Request, init: RequestInit = {}) => {
    sent.push({ url: String(url), init });
    return new Response(body, { status, headers: { "content-type": type } });
  };
  return { sent, fetch: answer as typeof fetch };
}

test("an operation fills its path and query, and is signed in", async () => {
  // Given an API that answers with an empty part of a list
  const api = answering(200, '{"items": [], "next_cursor": null}', "application/json");
  const call = apiClient({ url: "https://host", token: () => "ffa_1", fetch: api.fetch });
  // When usage is asked for by two things
  const summed = await call("GET /v1/subscriptions/{subscription_id}/usage", {
    path: { subscription_id: "7" },
    query: { by: ["model", "day"], from: "2026-11-01T00:00:00Z" },
  });
  // Then the answer has its type, and the request has all of it
  assert.equal(summed.next_cursor, null);
  const [request] = api.sent;
  const from = "from=2026-11-01T00%3A00%3A00Z";
  assert.equal(request?.url, `https://host/v1/subscriptions/7/usage?by=model&by=day&${from}`);
  assert.deepEqual(request?.init.headers, { authorization: "Bearer ffa_1" });
});

test("a problem is thrown with what to do", async () => {
  const problem = { code: "too_many_keys", detail: "20 at most", what_to_do: "Delete a key." };
  const api = answering(409, JSON.stringify(problem), "application/problem+json");
  const call = apiClient({ url: "", token: () => null, fetch: api.fetch });
  const header = { "Idempotency-Key": "request-1" };
  const failed = call("POST /v1/keys", { header, body: { subscription_id: 7, alias: "laptop" } });
  await assert.rejects(failed, (error) => error instanceof ApiError && error.problem?.what_to_do === "Delete a key.");
  assert.equal(api.sent[0]?.init.body, '{"subscription_id":7,"alias":"laptop"}');
});

test("what API Gateway itself answers is no problem document", async () => {
  const api = answering(503, '{"message": "Service Unavailable"}', "application/json");
  const call = apiClient({ url: "", token: () => null, fetch: api.fetch });
  await assert.rejects(call("GET /v1/status", {}), { status: 503, problem: null });
});

test("what has no body is nothing, and a table is text", async () => {
  const gone = apiClient({ url: "", token: () => "t", fetch: answering(204, null, "").fetch });
  assert.equal(await gone("DELETE /v1/keys/{key_hash}", { path: { key_hash: "ab" } }), undefined);
  const table = apiClient({ url: "", token: () => "t", fetch: answering(200, "a,b", "text/csv").fetch });
  const path = { subscription_id: "7" };
  let type: string | null = null;
  const text = await table("GET /v1/subscriptions/{subscription_id}/exports/usage", { path }, (headers) => {
    type = headers.get("content-type");
  });
  assert.equal(text, "a,b");
  assert.equal(type, "text/csv");
});
