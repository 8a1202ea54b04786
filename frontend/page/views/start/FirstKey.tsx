import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import type { CreatedKey } from "../../../api/operations.ts";
import { Button, ButtonLink } from "../../components/Button.tsx";
import { CopyButton } from "../../components/Copyable.tsx";
import { Failed, Notice, Skeleton } from "../../components/states.tsx";
import { freshKeys, makeFirstKeys } from "../../stores/fresh-keys.ts";
import { keysFrom } from "../../stores/key-names.ts";
import { failureOf, type Failure } from "../../text/failures.ts";

/** How often and how long a key is asked for: a new subscription allows keys a few seconds after it is opened. */
const ASKS_MAX = 20;
const ASK_MS = 3_000;

type Asking =
  | { readonly name: "asking" }
  | { readonly name: "made" }
  | { readonly name: "had" }
  | { readonly name: "waits" }
  | { readonly name: "failed"; readonly failure: Failure };

interface FirstKeyProps {
  readonly subscriptionId: string;
  readonly onHasKeys: () => void;
}

/** Makes the first key by itself and shows its secret, once. */
export function FirstKey({ subscriptionId: id, onHasKeys }: FirstKeyProps) {
  const state = useSignal<Asking>({ name: "asking" });
  const round = useSignal(0);
  useEffect(() => {
    let isOver = false;
    state.value = { name: "asking" };
    void firstKey(id, () => isOver).then((next) => {
      if (isOver) return;
      state.value = next;
      if (next.name === "had") onHasKeys();
    });
    return () => {
      isOver = true;
    };
  }, [id, round.value]);
  const again = () => (round.value += 1);
  const { value: fresh } = freshKeys;
  if (fresh.some((key) => key.subscription_id === id)) return <Secrets keys={fresh} />;
  switch (state.value.name) {
    case "failed":
      return <Failed failure={state.value.failure} onRetry={again} />;
    case "had":
      return <HasKeys />;
    case "waits":
      return (
        <Notice tone="warn" action={<Button size="small" onClick={again}>Ask again</Button>}>
          No key can be made yet. A new subscription needs a few seconds; one that has nothing left needs a top-up.
        </Notice>
      );
    default:
      return (
        <div role="status">
          <span class="unseen">Your key is being made.</span>
          <Skeleton height={9} />
        </div>
      );
  }
}

async function firstKey(id: string, isOver: () => boolean): Promise<Asking> {
  const made = () => freshKeys.peek().some((key) => key.subscription_id === id);
  try {
    for (let ask = 0; ask < ASKS_MAX && !isOver(); ask += 1) {
      if (made()) return { name: "made" };
      if (await hasKeys(id)) return { name: "had" };
      await makeFirstKeys();
      if (made()) return { name: "made" };
      await new Promise((resume) => setTimeout(resume, ASK_MS));
    }
    return { name: "waits" };
  } catch (error) {
    return { name: "failed", failure: failureOf(error) };
  }
}

async function hasKeys(id: string): Promise<boolean> {
  const { items } = await keysFrom(id, null);
  return items.length > 0;
}

/** All keys that were made: other subscriptions without a key got theirs at the same time. */
function Secrets({ keys }: { readonly keys: readonly CreatedKey[] }) {
  const several = keys.length > 1;
  return (
    <>
      {keys.map(({ key, key_hash: hash, subscription_id: id }) => (
        <div key={hash} class="stack tight">
          {several && <p class="small">Key of subscription {id}</p>}
          <Secret secret={key} />
        </div>
      ))}
    </>
  );
}

function Secret({ secret }: { readonly secret: string }) {
  return (
    <div class="fresh-key">
      <div class="fresh-key-secret">
        <code>{secret}</code>
        <CopyButton text={secret} label="Your key" />
      </div>
      <p class="small">
        <strong>Copy it now.</strong> It is shown this once and stored nowhere, not by us either. If you lose it, make
        another one.
      </p>
    </div>
  );
}

function HasKeys() {
  return (
    <p class="row soft">
      This subscription has keys already. A key is shown only when it is made.
      <ButtonLink size="small" icon="key" href="#/keys">
        Make another key
      </ButtonLink>
    </p>
  );
}
