/** The client against a server and a clock that the test moves by hand. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ANSWER_MS, LiveClient, OPEN_MS, PING_MS, RENEW_MS, RETRY_MS } from "./client.ts";
import type { LiveMessage, Socket, State, World } from "./client.ts";

class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  sent: Record<string, string>[] = [];
  isClosed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.isClosed = true;
  }

  tells(...messages: unknown[]): void {
    this.onmessage?.({ data: JSON.stringify({ messages }) });
  }
}

/** Connections that were opened, and timers that run when the test says so. */
class FakeWorld implements World {
  sockets: FakeSocket[] = [];
  refused = 0;
  /** Connections are begun and never opened. */
  isSilent = false;
  timers: { at: number; work: () => void }[] = [];
  now = 0;

  async connect(): Promise<Socket> {
    if (this.refused > 0) {
      this.refused -= 1;
      throw new Error("no ticket");
    }
    const socket = new FakeSocket();
    this.sockets.push(socket);
    if (!this.isSilent) queueMicrotask(() => queueMicrotask(() => socket.onopen?.()));
    return socket;
  }

  after(milliseconds: number, work: () => void): () => void {
    const timer = { at: this.now + milliseconds, work };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
  }

  random(): number {
    return 1;
  }

  async passes(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    for (;;) {
      const due = this.timers.filter((one) => one.at <= end).sort((one, other) => one.at - other.at)[0];
      if (due === undefined) break;
      this.timers = this.timers.filter((one) => one !== due);
      this.now = due.at;
      due.work();
      await settled();
    }
    this.now = end;
  }

  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    assert(last !== undefined, "nothing was connected");
    return last;
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

const at = "2026-11-24T12:00:00.000000Z";
const balance = { status: "active", balance_ufix64: "1", charged_ufix64: "0", owed_ufix64: "0", currency: "token" };
const totals = { version: "1", counted_microtokens: "0", unconfirmed_microtokens: "0" };

const numbered = (sequence: number) => ({
  type: "balance.changed",
  subscription_id: "7",
  sequence: String(sequence),
  at,
  data: balance,
});
const snapshot = (sequence: number) => ({
  ...numbered(sequence),
  type: "snapshot",
  data: { totals, balance, standing: null },
});
const watching = (sequence: number) => ({ type: "watching", subscription_id: "7", sequence: String(sequence) });
const pong = (sequence: number) => ({ type: "pong", watched: [{ subscription_id: "7", sequence: String(sequence) }] });

/** A client whose connection is open and watches; `got` are the sequence numbers that it passed on. */
async function started(): Promise<{ world: FakeWorld; client: LiveClient; got: string[]; states: string[] }> {
  const world = new FakeWorld();
  const got: string[] = [];
  const states: string[] = [];
  const client = new LiveClient("7", world, {
    onMessage: (message: LiveMessage) => got.push(message.sequence),
    onState: (state: State) => states.push(state.name === "ended" ? state.reason : state.name),
  });
  client.start();
  await settled();
  return { world, client, got, states };
}

test("it watches from a snapshot on, and passes on what follows", async () => {
  const { world, got, states } = await started();
  assert.deepEqual(world.socket.sent, [{ action: "watch", subscription_id: "7" }]);
  world.socket.tells(snapshot(5));
  world.socket.tells(numbered(6), numbered(7));
  assert.deepEqual(got, ["5", "6", "7"]);
  assert.deepEqual(states, ["connecting", "live"]);
});

test("what comes twice is passed on once", async () => {
  const { world, got } = await started();
  world.socket.tells(snapshot(5), numbered(6), numbered(6), numbered(5));
  assert.deepEqual(got, ["5", "6"]);
});

test("after a gap it asks once for what is missing, and passes it on in order", async () => {
  const { world, got } = await started();
  world.socket.tells(snapshot(5));
  world.socket.tells(numbered(7));
  world.socket.tells(numbered(8));
  assert.deepEqual(world.socket.sent.slice(1), [{ action: "watch", subscription_id: "7", after: "5" }]);
  world.socket.tells(watching(8), numbered(6), numbered(7), numbered(8));
  assert.deepEqual(got, ["5", "6", "7", "8"]);
});

test("a snapshot in place of what is missing is taken as the new beginning", async () => {
  const { world, got } = await started();
  world.socket.tells(snapshot(5));
  world.socket.tells(numbered(300));
  world.socket.tells(snapshot(300));
  world.socket.tells(numbered(301));
  assert.deepEqual(got, ["5", "300", "301"]);
});

test("numbers are compared beyond 2^53", async () => {
  const { world, got } = await started();
  const last = 2n ** 53n;
  world.socket.tells({ ...snapshot(0), sequence: String(last) });
  world.socket.tells({ ...numbered(0), sequence: String(last + 1n) });
  assert.deepEqual(got, [String(last), String(last + 1n)]);
});

test("after a lost connection it comes back with the last number", async () => {
  const { world, got, states } = await started();
  world.socket.tells(snapshot(5), numbered(6));
  world.socket.onclose?.();
  await world.passes(RETRY_MS);
  assert.deepEqual(world.socket.sent, [{ action: "watch", subscription_id: "7", after: "6" }]);
  world.socket.tells(watching(7), numbered(7));
  assert.deepEqual(got, ["5", "6", "7"]);
  assert.deepEqual(states, ["connecting", "live", "connecting", "live"]);
});

test("while no connection can be opened it waits twice as long each time", async () => {
  const { world } = await started();
  world.socket.tells(snapshot(5));
  world.refused = 3;
  world.socket.onclose?.();
  await world.passes(RETRY_MS * (1 + 2 + 4) + RETRY_MS * 8 - 1);
  assert.equal(world.sockets.length, 1);
  await world.passes(1);
  assert.equal(world.sockets.length, 2);
});

test("it pings, and a pong with a higher number makes it resume", async () => {
  const { world } = await started();
  world.socket.tells(snapshot(5));
  await world.passes(PING_MS);
  assert.deepEqual(world.socket.sent.at(-1), { action: "ping" });
  world.socket.tells(pong(5));
  assert.equal(world.socket.sent.length, 2);
  await world.passes(PING_MS);
  world.socket.tells(pong(6));
  assert.deepEqual(world.socket.sent.at(-1), { action: "watch", subscription_id: "7", after: "5" });
});

test("a connection that does not answer a ping is given up", async () => {
  const { world } = await started();
  world.socket.tells(snapshot(5));
  const first = world.socket;
  await world.passes(PING_MS + ANSWER_MS + RETRY_MS);
  assert.equal(first.isClosed, true);
  assert.equal(world.sockets.length, 2);
});

test("before two hours a new connection takes over without a gap", async () => {
  const { world, got, states } = await started();
  const first = world.socket;
  first.tells(snapshot(5));
  while (world.now < RENEW_MS) {
    await world.passes(PING_MS);
    first.tells(pong(5));
  }
  const second = world.socket;
  assert.notEqual(second, first);
  first.tells(numbered(6));
  assert.equal(first.isClosed, false);
  second.tells(watching(6), numbered(6));
  assert.equal(first.isClosed, true);
  second.tells(numbered(7));
  assert.deepEqual(got, ["5", "6", "7"]);
  assert.deepEqual(new Set(states), new Set(["connecting", "live"]));
  assert.equal(states.filter((state) => state === "connecting").length, 1);
});

test("an unknown connection is opened anew, and a refusal for good ends it", async () => {
  const { world, states } = await started();
  world.socket.tells(snapshot(5));
  world.socket.tells({ type: "error", code: "unknown_connection", detail: "Connect again." });
  await world.passes(RETRY_MS);
  assert.equal(world.sockets.length, 2);
  world.socket.tells({ type: "error", code: "subscription_not_found", detail: "You own no subscription 7." });
  assert.equal(states.at(-1), "subscription_not_found");
  assert.equal(world.socket.isClosed, true);
  assert.deepEqual(world.timers, []);
});

test("a subscription that moved ends it", async () => {
  const { world, states } = await started();
  world.socket.tells(snapshot(5));
  world.socket.tells({ type: "watch.ended", subscription_id: "7", reason: "owner_changed" });
  assert.equal(states.at(-1), "owner_changed");
});

test("types that it does not know are passed over", async () => {
  const { world, got } = await started();
  world.socket.tells({ type: "weather.changed" }, snapshot(5));
  assert.deepEqual(got, ["5"]);
});

test("when it wakes it asks at once, or connects at once", async () => {
  const { world, client } = await started();
  world.socket.tells(snapshot(5));
  client.wake();
  assert.deepEqual(world.socket.sent.at(-1), { action: "ping" });
  world.refused = 1;
  world.socket.onclose?.();
  await world.passes(RETRY_MS);
  client.wake();
  await settled();
  assert.equal(world.sockets.length, 2);
});

test("once stopped it does nothing more", async () => {
  const { world, client, got } = await started();
  const socket = world.socket;
  socket.tells(snapshot(5));
  client.stop();
  socket.tells(numbered(6));
  await world.passes(RENEW_MS);
  assert.deepEqual(got, ["5"]);
  assert.equal(world.sockets.length, 1);
});

test("a connection that does not open is given up, and another one is tried", async () => {
  // Given a network that has gone while the connection was opened
  const world = new FakeWorld();
  world.isSilent = true;
  const client = new LiveClient("7", world, { onMessage: () => undefined, onState: () => undefined });
  client.start();
  await settled();
  const first = world.socket;
  // When it has said nothing for a while
  await world.passes(OPEN_MS + RETRY_MS);
  // Then it is closed, and there is a new one
  assert.equal(first.isClosed, true);
  assert.equal(world.sockets.length, 2);
});

test("a connection that comes after it was given up is closed", async () => {
  // Given a ticket that is answered only after the device has slept
  const { world, client } = await started();
  world.socket.tells(snapshot(5));
  let arrive = (_: Socket): void => undefined;
  const connect = world.connect.bind(world);
  world.connect = () => new Promise<Socket>((resolve) => (arrive = resolve));
  world.socket.onclose?.();
  await world.passes(RETRY_MS);
  world.connect = connect;
  // When another connection was opened meanwhile
  await world.passes(OPEN_MS + 2 * RETRY_MS);
  world.socket.tells(watching(5));
  const late = new FakeSocket();
  arrive(late);
  await settled();
  // Then the late one is closed, and the other one is used
  assert.equal(late.isClosed, true);
  client.wake();
  assert.deepEqual(world.socket.sent.at(-1), { action: "ping" });
});

test("a connection that is lost while its successor is opened leaves one successor", async () => {
  const { world } = await started();
  const first = world.socket;
  first.tells(snapshot(5));
  while (world.now < RENEW_MS) {
    await world.passes(PING_MS);
    first.tells(pong(5));
  }
  first.onclose?.();
  await world.passes(RETRY_MS);
  assert.equal(world.sockets.length, 2);
  world.socket.tells(watching(5));
  assert.equal(world.socket.isClosed, false);
});

test("a frame in an unknown form makes it connect anew", async () => {
  const { world, states } = await started();
  world.socket.tells(snapshot(5));
  world.socket.onmessage?.({ data: "<html>" });
  assert.equal(states.at(-1), "connecting");
  await world.passes(RETRY_MS);
  assert.equal(world.sockets.length, 2);
});

test("ten hours leave one open connection, and as few timers as at the beginning", async () => {
  // Given a connection that lives, whose server answers every ping
  const { world, states } = await started();
  world.socket.tells(snapshot(5));
  const timers = world.timers.length;
  // When ten hours pass
  const end = world.now + 10 * 3_600_000;
  while (world.now < end) {
    await world.passes(PING_MS);
    const open = world.sockets.filter(({ isClosed }) => !isClosed);
    open.at(-1)?.tells(open.length > 1 ? watching(5) : pong(5));
  }
  // Then it was renewed before each two hours, without a gap, and nothing was left behind
  assert.equal(world.sockets.length, 6);
  assert.equal(world.sockets.filter(({ isClosed }) => !isClosed).length, 1);
  assert.ok(world.timers.length <= timers);
  assert.deepEqual(states.filter((state) => state !== "live"), ["connecting"]);
});

test("after a sleep of hours the dead connection is found within seconds, and nothing is missed", async () => {
  // Given a device that slept: no timer ran, and the server has closed the connection unheard
  const { world, client, got } = await started();
  const dead = world.socket;
  dead.tells(snapshot(5));
  const slept = world.timers;
  world.timers = [];
  world.now += 3 * 3_600_000;
  world.timers = slept;
  // When it wakes
  client.wake();
  await world.passes(ANSWER_MS + RETRY_MS);
  world.socket.tells(watching(7), numbered(6), numbered(7));
  // Then a new connection has what happened meanwhile
  assert.equal(dead.isClosed, true);
  assert.deepEqual(got, ["5", "6", "7"]);
});
