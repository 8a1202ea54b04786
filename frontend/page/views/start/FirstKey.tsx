import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import type { CreatedKey } from "../../../api/operations.ts";
import { Button, ButtonLink } from "../../components/Button.tsx";
import { Secret } from "../../components/Secret.tsx";
import { Failed, Notice } from "../../components/states.tsx";
import { freshKeys, makeFirstKeys } from "../../stores/fresh-keys.ts";
import { keysFrom } from "../../stores/key-names.ts";
import { firstKey, type Outcome } from "./first-key.ts";
import { Waiting } from "./Waiting.tsx";

interface FirstKeyProps {
  readonly subscriptionId: string;
  readonly onHasKeys: () => void;
}

/** Makes the first key by itself and shows its secret, once. */
export function FirstKey({ subscriptionId: id, onHasKeys }: FirstKeyProps) {
  const state = useSignal<Outcome | { readonly name: "asking" }>({ name: "asking" });
  const round = useSignal(0);
  useEffect(() => {
    let isOver = false;
    state.value = { name: "asking" };
    const isMade = () => freshKeys.peek().some((key) => key.subscription_id === id);
    const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
    void firstKey({ isMade, hasKeys: () => hasKeys(id), make: makeFirstKeys, pause, isOver: () => isOver }).then((next) => {
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
          No key could be made in the last minutes. If nothing is left of the deposit, top it up first.
        </Notice>
      );
    default:
      return (
        <Waiting>
          Your key is made as soon as FlareFlow has read your deposit from Flow, and then appears here by itself.
        </Waiting>
      );
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
          <Secret text={key} label="Your key" />
          <p class="small">
            <strong>Copy it now.</strong> It is shown only now and stored nowhere, not by us either. If you lose it,
            create another one.
          </p>
        </div>
      ))}
    </>
  );
}

function HasKeys() {
  return (
    <p class="row soft">
      This subscription has keys already. A key is shown only once, when it is created.
      <ButtonLink size="small" icon="key" href="#/keys">
        Create another key
      </ButtonLink>
    </p>
  );
}
