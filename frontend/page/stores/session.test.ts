import assert from "node:assert/strict";
import { test } from "node:test";

import { sessionOn, type Device } from "./session.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");

function signedIn(number: number, minutes: number) {
  return {
    session_id: "s1",
    address: "0x01cf0e2f2f715450",
    access_token: `ffa_${number}`,
    expires_at: new Date(NOW + minutes * 60_000).toISOString(),
    refresh_token: `ffr_${number}`,
    refresh_expires_at: "2026-12-01T12:00:00Z",
    is_operator: false,
  };
}

/** A browser with any number of tabs, and an API that answers as `answer` says. */
function browser(answer: (path: string, init: RequestInit) => Response) {
  const kept = new Map<string, string>();
  const asked: string[] = [];
  let last: Promise<unknown> = Promise.resolve();
  const device: Device = {
    storage: {
      getItem: (name) => kept.get(name) ?? null,
      setItem: (name, text) => void kept.set(name, text),
      removeItem: (name) => void kept.delete(name),
    },
    alone: <T>(work: () => Promise<T>) => {
      const mine = last.then(work, work);
      last = mine.catch(() => undefined);
      return mine;
    },
    now: () => NOW,
    fetch: (async (url: string, init: RequestInit = {}) => {
      const token = new Headers(init.headers).get("authorization") ?? "nobody";
      asked.push(`${init.method} ${url} ${token}`);
      return answer(url, init);
    }) as typeof fetch,
  };
  return { device, asked, kept };
}

const json = (body: object, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
const refused = () =>
  new Response(JSON.stringify({ code: "sign_in_required", detail: "sign in" }), {
    status: 401,
    headers: { "content-type": "application/problem+json" },
  });

test("a token that is about to end is exchanged before it is used", async () => {
  const { device, asked } = browser((url) => json(url.endsWith("/tokens") ? signedIn(2, 15) : { items: [] }));
  const session = sessionOn(device);
  session.begin(signedIn(1, 0.5));
  await session.call("GET /v1/auth/sessions", {});
  assert.deepEqual(asked, ["POST /v1/auth/tokens nobody", "GET /v1/auth/sessions Bearer ffa_2"]);
});

test("two tabs exchange a refresh token once", async () => {
  // Given two tabs with the same session, whose token has ended
  const { device, asked } = browser((url) => json(url.endsWith("/tokens") ? signedIn(2, 15) : { items: [] }));
  sessionOn(device).begin(signedIn(1, -1));
  const tabs = [sessionOn(device), sessionOn(device)];
  // When both ask at the same time
  await Promise.all(tabs.map((tab) => tab.call("GET /v1/auth/sessions", {})));
  // Then one has exchanged it, and both ask with the new token
  assert.equal(asked.filter((line) => line.startsWith("POST /v1/auth/tokens")).length, 1);
  assert.equal(asked.filter((line) => line.endsWith("Bearer ffa_2")).length, 2);
});

test("a token that the server refuses is exchanged, and the request made again", async () => {
  const { device, asked } = browser((url, init) => {
    if (url.endsWith("/tokens")) return json(signedIn(2, 15));
    return new Headers(init.headers).get("authorization") === "Bearer ffa_2" ? json({ items: [] }) : refused();
  });
  const session = sessionOn(device);
  session.begin(signedIn(1, 15));
  await session.call("GET /v1/auth/sessions", {});
  assert.equal(asked.length, 3);
});

test("a device whose clock is hours ahead exchanges its tokens no more often than others", async () => {
  // Given tokens that have ended by the device's clock, and that the server takes
  const { device, asked } = browser((url) => json(url.endsWith("/tokens") ? signedIn(2, -120) : { items: [] }));
  const session = sessionOn(device);
  session.begin(signedIn(1, -120));
  // When it asks for much
  for (let count = 0; count < 10; count += 1) await session.call("GET /v1/auth/sessions", {});
  // Then it has found out that its clock is wrong at the first exchange
  assert.equal(asked.filter((line) => line.startsWith("POST /v1/auth/tokens")).length, 1);
});

test("a session that the server has ended is over here too, and its owner is told", async () => {
  const { device, kept } = browser(refused);
  let told = 0;
  const session = sessionOn({ ...device, onRefused: () => void (told += 1) });
  session.begin(signedIn(1, 15));
  await assert.rejects(session.call("GET /v1/auth/sessions", {}));
  assert.equal(session.address.value, null);
  assert.equal(kept.size, 0);
  assert.equal(told, 1);
});

test("an account is an operator's as long as the newest tokens say so", async () => {
  const { device } = browser((url) =>
    url.endsWith("/tokens") ? json({ ...signedIn(2, 15), is_operator: false }) : json({ items: [] }),
  );
  const session = sessionOn(device);
  assert.equal(session.isOperator.value, false);
  session.begin({ ...signedIn(1, 0), is_operator: true });
  assert.equal(session.isOperator.value, true);
  await session.call("GET /v1/auth/sessions", {});
  assert.equal(session.isOperator.value, false);
});

test("nobody is signed out because the server cannot be reached", async () => {
  const { device } = browser(() => {
    throw new TypeError("offline");
  });
  const session = sessionOn(device);
  session.begin(signedIn(1, -1));
  await assert.rejects(session.call("GET /v1/auth/sessions", {}), TypeError);
  assert.equal(session.address.value, "0x01cf0e2f2f715450");
});

test("a refresh whose answer was lost is made again with the same token", async () => {
  // Given a network that ends after the server has taken a refresh token, and before its answer arrives
  const given: string[] = [];
  const { device } = browser((url, init) => {
    if (!url.endsWith("/tokens")) return json({ items: [] });
    given.push(JSON.parse(String(init.body)).refresh_token);
    if (given.length === 1) throw new TypeError("network lost");
    return json(signedIn(3, 15));
  });
  const session = sessionOn(device);
  session.begin(signedIn(1, -1));
  await assert.rejects(session.call("GET /v1/auth/sessions", {}), TypeError);
  // When the page asks again, Then it refreshes with the token that it has, and goes on
  await session.call("GET /v1/auth/sessions", {});
  assert.deepEqual(given, ["ffr_1", "ffr_1"]);
  assert.equal(session.address.value, "0x01cf0e2f2f715450");
});

test("signing out in one tab signs out in the others", async () => {
  const { device } = browser(() => new Response(null, { status: 204 }));
  const [here, there] = [sessionOn(device), sessionOn(device)];
  here.begin(signedIn(1, 15));
  there.readAgain();
  assert.equal(there.address.value, "0x01cf0e2f2f715450");
  await here.end();
  there.readAgain();
  assert.equal(there.address.value, null);
});
