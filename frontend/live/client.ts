/**
 * A client of the live messages (docs/live.md): it connects, resumes after a break, drops what comes twice, and pings.
 *
 * Everything it needs from the world is given to it, so that a page, a worker and a test use it alike.
 */

import type {
  BalanceChangedMessage,
  Frame,
  KeyResumedMessage,
  KeySuspendedMessage,
  Message,
  SnapshotMessage,
  StandingChangedMessage,
  UsageAttestedMessage,
  UsagePendingMessage,
  UsageSealedMessage,
  UsageSettledMessage,
} from "./messages.ts";

/** A message about the subscription, in the order of its sequence numbers, each once; the first is a snapshot. */
export type LiveMessage =
  | SnapshotMessage
  | UsagePendingMessage
  | UsageSealedMessage
  | UsageAttestedMessage
  | UsageSettledMessage
  | BalanceChangedMessage
  | StandingChangedMessage
  | KeySuspendedMessage
  | KeyResumedMessage;

/** `connecting`: what is shown may be old. `live`: it is not. `ended`: the server refuses; `reason` is its code. */
export type State =
  | { readonly name: "connecting" }
  | { readonly name: "live" }
  | { readonly name: "ended"; readonly reason: string };

/** What the client uses of a browser's WebSocket. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}

export interface World {
  /** Opens a connection with a new ticket. Rejects when there is none now; the client then tries again. */
  connect(): Promise<Socket>;
  /** Calls `work` after so many milliseconds; returns what takes that back. */
  after(milliseconds: number, work: () => void): () => void;
  /** A number from 0 to 1, so that many clients do not come back at the same moment. */
  random(): number;
}

export interface Listener {
  onMessage(message: LiveMessage): void;
  onState(state: State): void;
}

/** API Gateway closes a connection that is idle for 10 minutes, and every connection after 2 hours. */
export const PING_MS = 60_000;
export const RENEW_MS = 110 * 60_000;
/** A connection that has not answered a ping by then is dead. */
export const ANSWER_MS = 10_000;
/** A connection that does not watch by then is not going to: the network may have gone while it was opened. */
export const OPEN_MS = 20_000;
export const RETRY_MS = 500;
const RETRY_MS_MAX = 30_000;

/** Codes after which it makes no sense to try again. */
const FINAL = new Set(["subscription_not_found", "too_many_watched", "too_many_watchers", "invalid_request"]);

export class LiveClient {
  #subscription: string;
  #world: World;
  #listener: Listener;
  #socket: Socket | null = null;
  #next: Socket | null = null;
  #last: bigint | null = null;
  #isResuming = false;
  #failures = 0;
  /** Of connections that were to be opened; an answer to an earlier one than the last comes too late. */
  #attempts = 0;
  #isStopped = false;
  #timers = new Map<string, () => void>();

  constructor(subscription: string, world: World, listener: Listener) {
    this.#subscription = subscription;
    this.#world = world;
    this.#listener = listener;
  }

  /** Connect, and stay connected until `stop`. */
  start(): void {
    this.#listener.onState({ name: "connecting" });
    void this.#connect();
  }

  stop(): void {
    this.#isStopped = true;
    this.#attempts += 1;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#drop(this.#next);
    this.#drop(this.#socket);
    this.#socket = this.#next = null;
  }

  /** Ask at once whether the connection still lives: after a sleep, or when the network is back. */
  wake(): void {
    if (this.#socket !== null) this.#ping();
    else if (this.#timers.has("retry")) {
      this.#cancel("retry");
      void this.#connect();
    }
  }

  /** Open a connection beside the present one, if any; that is dropped once the new one watches. */
  async #connect(): Promise<void> {
    const attempt = ++this.#attempts;
    this.#after("open", OPEN_MS, () => this.#giveUp());
    let socket: Socket;
    try {
      socket = await this.#world.connect();
    } catch {
      if (attempt === this.#attempts) this.#giveUp();
      return;
    }
    if (attempt !== this.#attempts) return this.#drop(socket);
    this.#next = socket;
    socket.onopen = () => this.#watch(socket);
    socket.onmessage = (event) => this.#receive(socket, event.data);
    socket.onclose = () => this.#closed(socket);
  }

  /** The connection that is being opened does not come about: another one is, after a pause. */
  #giveUp(): void {
    this.#attempts += 1;
    this.#cancel("open");
    this.#drop(this.#next);
    this.#next = null;
    if (this.#socket === null) this.#retry();
    else this.#after("renew", RETRY_MS_MAX, () => void this.#connect());
  }

  #watch(socket: Socket): void {
    const after = this.#last === null ? {} : { after: this.#last.toString() };
    this.#isResuming = true;
    socket.send(JSON.stringify({ action: "watch", subscription_id: this.#subscription, ...after }));
  }

  #receive(socket: Socket, data: unknown): void {
    if (this.#isStopped || typeof data !== "string") return;
    this.#cancel("answer");
    const messages = messagesOf(data);
    if (messages === null) return this.#closed(socket);
    for (const message of messages) this.#take(socket, message);
  }

  #take(socket: Socket, message: Message): void {
    switch (message.type) {
      case "watching":
        return this.#isLive(socket);
      case "snapshot":
        this.#last = BigInt(message.sequence);
        this.#listener.onMessage(message);
        return this.#isLive(socket);
      case "pong":
        return this.#compare(socket, message.watched);
      case "watch.ended":
        return this.#end(message.reason);
      case "error":
        if (FINAL.has(message.code)) return this.#end(message.code);
        return this.#closed(socket);
      default:
        if ("sequence" in message) this.#takeNumbered(socket, message);
    }
  }

  #takeNumbered(socket: Socket, message: LiveMessage): void {
    const sequence = BigInt(message.sequence);
    if (this.#last === null || sequence <= this.#last) return;
    if (sequence === this.#last + 1n) {
      this.#last = sequence;
      this.#listener.onMessage(message);
    } else if (!this.#isResuming) this.#watch(socket);
  }

  /** The last number of the subscription is known; a higher one than ours means that something was lost. */
  #compare(socket: Socket, watched: readonly { readonly subscription_id: string; readonly sequence: string }[]): void {
    const reached = watched.find((one) => one.subscription_id === this.#subscription);
    if (reached === undefined || this.#last === null || BigInt(reached.sequence) > this.#last) this.#watch(socket);
  }

  /** This connection watches: it takes the place of the one before. */
  #isLive(socket: Socket): void {
    this.#isResuming = false;
    this.#failures = 0;
    if (this.#next === socket) {
      this.#drop(this.#socket);
      this.#socket = socket;
      this.#next = null;
      this.#cancel("open");
      this.#after("renew", RENEW_MS, () => void this.#connect());
    }
    this.#after("ping", PING_MS, () => this.#ping());
    this.#listener.onState({ name: "live" });
  }

  #ping(): void {
    const socket = this.#socket;
    if (socket === null) return;
    socket.send(JSON.stringify({ action: "ping" }));
    this.#after("ping", PING_MS, () => this.#ping());
    this.#after("answer", ANSWER_MS, () => this.#closed(socket));
  }

  #closed(socket: Socket): void {
    if (socket === this.#next) return this.#giveUp();
    if (socket !== this.#socket) return;
    this.#drop(socket);
    this.#socket = null;
    this.#cancel("ping");
    this.#cancel("answer");
    this.#listener.onState({ name: "connecting" });
    if (!this.#timers.has("open")) this.#retry();
  }

  #end(reason: string): void {
    this.stop();
    this.#listener.onState({ name: "ended", reason });
  }

  /** Try again after a pause that doubles each time, and is a random part of that. */
  #retry(): void {
    this.#cancel("renew");
    const most = Math.min(RETRY_MS * 2 ** this.#failures, RETRY_MS_MAX);
    this.#failures += 1;
    this.#after("retry", most * (0.5 + this.#world.random() / 2), () => void this.#connect());
  }

  #drop(socket: Socket | null): void {
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #after(name: string, milliseconds: number, work: () => void): void {
    this.#cancel(name);
    const cancel = this.#world.after(milliseconds, () => {
      this.#timers.delete(name);
      work();
    });
    this.#timers.set(name, cancel);
  }

  #cancel(name: string): void {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
  }
}

/** The messages of a frame; null for anything else, after which the connection is opened anew. */
function messagesOf(text: string): readonly Message[] | null {
  try {
    const { messages = [] } = JSON.parse(text) as Partial<Frame>;
    return Array.isArray(messages) ? messages : null;
  } catch {
    return null;
  }
}
