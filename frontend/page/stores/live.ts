/** Live messages of the subscription that is shown. A view that shows them calls `useLive`. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { LiveClient, type LiveMessage, type Socket, type State } from "../../live/client.ts";
import { after, NOTHING, type LiveUsage } from "./live-usage.ts";
import { call, deploymentNow, subscriptions, whenAccountChanges } from "./server.ts";

export const connection = signal<State>({ name: "connecting" });
export const live = signal<LiveUsage>(NOTHING);

let watched: { readonly subscription: string; readonly client: LiveClient } | null = null;
/** Views that show live messages at this moment. */
let users = 0;
const listeners = new Set<(message: LiveMessage) => void>();

/** How long the connection outlives the last view that shows it: long enough to go to another view and back. */
const LINGER_MS = 60_000;
let lingering: ReturnType<typeof setTimeout> | undefined;

/** Watches a subscription while the view is shown, and tells it of each message. */
export function useLive(subscription: string | null, onMessage?: (message: LiveMessage) => void): void {
  useEffect(() => {
    if (subscription === null) return;
    users += 1;
    clearTimeout(lingering);
    watch(subscription);
    return () => {
      users -= 1;
      if (users === 0) lingering = setTimeout(stop, LINGER_MS);
    };
  }, [subscription]);
  useEffect(() => {
    if (onMessage === undefined) return;
    listeners.add(onMessage);
    return () => {
      listeners.delete(onMessage);
    };
  }, [onMessage]);
}

function watch(subscription: string): void {
  if (watched?.subscription === subscription) return;
  stop();
  const client = new LiveClient(subscription, { connect, after: later, random: Math.random }, { onMessage: take, onState });
  watched = { subscription, client };
  client.start();
}

function stop(): void {
  watched?.client.stop();
  watched = null;
  live.value = NOTHING;
  connection.value = { name: "connecting" };
}

async function connect(): Promise<Socket> {
  const { live_url: url } = await deploymentNow();
  const { ticket } = await call("POST /v1/websocket-tickets", {});
  return new WebSocket(`${url}?ticket=${encodeURIComponent(ticket)}`) as Socket;
}

function later(milliseconds: number, work: () => void): () => void {
  const timer = setTimeout(work, milliseconds);
  return () => clearTimeout(timer);
}

const TELLS_OF_THE_BALANCE = new Set(["snapshot", "usage.settled", "balance.changed", "standing.changed"]);

function take(message: LiveMessage): void {
  live.value = after(live.peek(), message);
  if (TELLS_OF_THE_BALANCE.has(message.type)) void subscriptions.reload();
  for (const listener of listeners) listener(message);
}

function onState(state: State): void {
  connection.value = state;
}

/** After a sleep or a lost network the connection may be dead without anybody having said so. */
function wake(): void {
  if (!document.hidden) watched?.client.wake();
}

addEventListener("online", wake);
addEventListener("pageshow", wake);
document.addEventListener("visibilitychange", wake);

whenAccountChanges(stop);
