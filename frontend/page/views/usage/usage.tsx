import { useSignal } from "@preact/signals";
import { useCallback, useEffect, useMemo } from "preact/hooks";

import type { Subscription } from "../../../api/operations.ts";
import type { LiveMessage, State } from "../../../live/client.ts";
import { Badge } from "../../components/Badge.tsx";
import { OfSubscription } from "../../components/OfSubscription.tsx";
import { Notice } from "../../components/states.tsx";
import { ViewHead } from "../../components/ViewHead.tsx";
import { eventsFrom } from "../../stores/events.ts";
import { useFresh } from "../../stores/fresh.ts";
import { connection, useLive } from "../../stores/live.ts";
import { isOnline } from "../../stores/online.ts";
import { after } from "../../stores/pages.ts";
import { call, epochs, subscriptions } from "../../stores/server.ts";
import { Calls } from "./Calls.tsx";
import { History } from "./History.tsx";
import { Standing } from "./Standing.tsx";
import { WayOfUsage } from "./WayOfUsage.tsx";
import "./usage.css";

const EPOCHS_MS = 20_000;
const ALL_MS = 60_000;
/** Sums and lists are asked for at most this often, however many calls are told of. */
const CHANGES_MS = 4_000;
/** How often they are asked for while there are no live messages. */
const NOT_LIVE_MS = 20_000;

export default function Usage() {
  return (
    <OfSubscription title="Usage" height={60}>
      {(shown) => <Shown key={shown.subscription.subscription_id} shown={shown} />}
    </OfSubscription>
  );
}

function Shown({ shown }: { readonly shown: Subscription }) {
  const { subscription_id: id } = shown.subscription;
  const changes = useChanges(id);
  useFresh(epochs, EPOCHS_MS);
  useFresh(subscriptions, ALL_MS);
  const events = useMemo(
    () =>
      eventsFrom((cursor) =>
        call("GET /v1/subscriptions/{subscription_id}/events", { path: { subscription_id: id }, query: after(cursor) }),
      ),
    [id],
  );
  useEffect(() => void events.refresh(), [events, changes]);
  return (
    <>
      <ViewHead title="Usage" action={<Connection state={connection.value} />}>
        Every call of subscription {id}, from the moment it is metered to its charge on Flow.
      </ViewHead>
      <div class="usage">
        <NotLive state={connection.value} />
        <Standing shown={shown} changes={changes} />
        <WayOfUsage shown={shown} changes={changes} />
        <History subscriptionId={id} changes={changes} />
        <Calls shown={shown} events={events} />
      </div>
    </>
  );
}

/**
 * A number that grows when live messages have told of something, not more often than `CHANGES_MS`; and every
 * `NOT_LIVE_MS` where there are none.
 */
function useChanges(subscriptionId: string): number {
  const changes = useSignal(0);
  const soon = useMemo(() => ({ timer: undefined as ReturnType<typeof setTimeout> | undefined }), []);
  const onMessage = useCallback((message: LiveMessage) => {
    if (TELLS_OF_EPOCHS.has(message.type)) void epochs.reload();
    soon.timer ??= setTimeout(() => {
      soon.timer = undefined;
      changes.value += 1;
    }, CHANGES_MS);
  }, []);
  useEffect(() => () => clearTimeout(soon.timer), []);
  useEffect(() => {
    const timer = setInterval(() => {
      if (connection.peek().name !== "live" && !document.hidden && isOnline.peek()) changes.value += 1;
    }, NOT_LIVE_MS);
    return () => clearInterval(timer);
  }, []);
  useLive(subscriptionId, onMessage);
  return changes.value;
}

const TELLS_OF_EPOCHS = new Set(["snapshot", "usage.sealed", "usage.attested"]);

/** Why there are no live messages any more, by the server's code. */
const ENDINGS: Readonly<Record<string, string>> = {
  too_many_watchers: "This subscription is open in too many windows. Close some of them and load this page again.",
  too_many_watched: "This connection watches too many subscriptions. Load this page again.",
  owner_changed: "This subscription belongs to another account now.",
  subscription_not_found: "Your account does not own this subscription any more.",
};

function NotLive({ state }: { readonly state: State }) {
  if (state.name !== "ended") return null;
  return (
    <Notice tone="warn">
      {ENDINGS[state.reason] ?? "The server has ended the live messages. Load this page again to get them."} Until then
      usage is asked for every {NOT_LIVE_MS / 1_000} seconds.
    </Notice>
  );
}

const STATES = {
  live: { tone: "good", text: "Live" },
  connecting: { tone: "warn", text: "Connecting…" },
  ended: { tone: "bad", text: "Not live" },
} as const;

const OFFLINE = { tone: "warn", text: "Offline" } as const;

function Connection({ state }: { readonly state: State }) {
  const { tone, text } = isOnline.value ? STATES[state.name] : OFFLINE;
  return (
    <span role="status">
      <Badge tone={tone}>
        <i class="live-dot" />
        {text}
      </Badge>
    </span>
  );
}
