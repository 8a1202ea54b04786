import { useSignal } from "@preact/signals";
import { useCallback, useMemo } from "preact/hooks";

import type { Key, Subscription } from "../../../api/operations.ts";
import type { LiveMessage } from "../../../live/client.ts";
import { Button } from "../../components/Button.tsx";
import { OfSubscription } from "../../components/OfSubscription.tsx";
import { ShowMore } from "../../components/ShowMore.tsx";
import { Empty, Notice, Show } from "../../components/states.tsx";
import { ViewHead } from "../../components/ViewHead.tsx";
import { keysFrom, namesChanged } from "../../stores/key-names.ts";
import { useLive } from "../../stores/live.ts";
import { pages, type Listed, type Pages } from "../../stores/pages.ts";
import { resource, type Resource } from "../../stores/resource.ts";
import { lastDays, sumsOf, type Sums } from "../../stores/sums.ts";
import { ChangeKey } from "./ChangeKey.tsx";
import { CreateKey } from "./CreateKey.tsx";
import { KeyItem, type KeyAction } from "./KeyItem.tsx";
import { RevokeKey } from "./RevokeKey.tsx";
import { RotateKey } from "./RotateKey.tsx";
import "./keys.css";

const LIVING_MAX = 20;
const DAYS = 30;
/** A snapshot comes after a lost connection, in which a key may have changed. */
const TELLS_OF_KEYS = new Set(["snapshot", "key.suspended", "key.resumed"]);

export default function Keys() {
  return (
    <OfSubscription title="Keys" height={24}>
      {(subscription) => <OfOne key={subscription.subscription.subscription_id} subscription={subscription} />}
    </OfSubscription>
  );
}

type Opened = { readonly name: "create" } | { readonly name: KeyAction; readonly ofKey: Key } | null;

function OfOne({ subscription }: { readonly subscription: Subscription }) {
  const { subscription_id: id, status } = subscription.subscription;
  const keys = useMemo(() => pages((cursor) => keysFrom(id, cursor)), [id]);
  const used = useMemo(() => resource(() => sumsOf(id, { by: ["key"], ...lastDays(DAYS) })), [id]);
  const changed = () => {
    namesChanged(id);
    void keys.reload();
  };
  const onMessage = useCallback(({ type }: LiveMessage) => void (TELLS_OF_KEYS.has(type) && keys.reload()), [keys]);
  useLive(id, onMessage);
  const opened = useSignal<Opened>(null);
  const close = () => void (opened.value = null);
  const canCreate = status === "active" || status === "suspended";
  const create = (
    <Button kind="primary" icon="plus" disabled={!canCreate} onClick={() => (opened.value = { name: "create" })}>
      Create a key
    </Button>
  );
  return (
    <>
      <ViewHead title="Keys" action={create}>
        A key calls models for subscription {id}. Give each program its own, with its own limits, and see what each one uses.
      </ViewHead>
      <div class="stack">
        {!canCreate && <Notice tone="info">This subscription is {status === "closed" ? "closed" : "being left"}, so no keys can be created.</Notice>}
        <Show of={keys} height={24}>
          {(listed) => <List listed={listed} keys={keys} used={used} create={create} onOpen={(next) => (opened.value = next)} />}
        </Show>
      </div>
      <Opened opened={opened.value} id={id} onChanged={changed} onClose={close} />
    </>
  );
}

interface OpenedProps {
  readonly opened: Opened;
  readonly id: string;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

function Opened({ opened, id, onChanged, onClose }: OpenedProps) {
  if (opened === null) return null;
  switch (opened.name) {
    case "create":
      return <CreateKey subscriptionId={id} onCreated={onChanged} onClose={onClose} />;
    case "change":
      return <ChangeKey ofKey={opened.ofKey} onChanged={onChanged} onClose={onClose} />;
    case "rotate":
      return <RotateKey ofKey={opened.ofKey} onRotated={onChanged} onClose={onClose} />;
    case "revoke":
      return <RevokeKey ofKey={opened.ofKey} onRevoked={onChanged} onClose={onClose} />;
  }
}

interface ListProps {
  readonly listed: Listed<Key>;
  readonly keys: Pages<Key>;
  readonly used: Resource<Sums>;
  readonly create: preact.ComponentChildren;
  readonly onOpen: (opened: Opened) => void;
}

function List({ listed: { items, hasMore }, keys, used, create, onOpen }: ListProps) {
  const showsEnded = useSignal(false);
  used.want();
  const sums = used.state.value.name === "ready" ? used.state.value.value.items : [];
  const usedByAll = sums.reduce((sum, { total }) => sum + total, 0n);
  const living = items.filter(({ status }) => status !== "deleted");
  const ended = items.length - living.length;
  if (items.length === 0) {
    return (
      <div class="card">
        <Empty level={2} icon="key" title="No keys yet" action={create}>
          Your program uses a key where it would use one of OpenAI's. A key is shown once, when it is created.
        </Empty>
      </div>
    );
  }
  return (
    <>
      {living.length >= LIVING_MAX && (
        <Notice tone="info">A subscription has {LIVING_MAX} keys at most. Revoke one before you create another.</Notice>
      )}
      <ul class="keys">
        {(showsEnded.value ? items : living).map((key) => (
          <KeyItem
            key={key.key_hash}
            ofKey={key}
            used={sums.find(({ group }) => group.key_hash === key.key_hash)}
            usedByAll={usedByAll}
            replacedBy={items.find(({ replaces }) => replaces === key.key_hash)}
            onAction={(name) => onOpen({ name, ofKey: key })}
          />
        ))}
      </ul>
      <div class="row">
        {(ended > 0 || hasMore) && (
          <Button size="small" onClick={() => (showsEnded.value = !showsEnded.value)}>
            {showsEnded.value ? "Hide keys that have ended" : "Show keys that have ended"}
          </Button>
        )}
        {showsEnded.value && <ShowMore of={keys} />}
      </div>
    </>
  );
}
