import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";

import type { CreatedWebhook, Webhook } from "../../../api/operations.ts";
import { Button } from "../../components/Button.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { Secret } from "../../components/Secret.tsx";
import { ShowMore } from "../../components/ShowMore.tsx";
import { Notice, Show } from "../../components/states.tsx";
import { after, pages } from "../../stores/pages.ts";
import { call, subscriptions } from "../../stores/server.ts";
import { AddWebhook } from "./AddWebhook.tsx";
import { WebhookItem } from "./WebhookItem.tsx";
import "./webhooks.css";

/** Where programs of the account are told what happens to its subscriptions. */
export function Webhooks() {
  const webhooks = useMemo(() => pages<Webhook>((cursor) => call("GET /v1/webhooks", { query: after(cursor) })), []);
  const isAdding = useSignal(false);
  const created = useSignal<CreatedWebhook | null>(null);
  const reload = () => void webhooks.reload();
  const shown = (made: CreatedWebhook) => {
    isAdding.value = false;
    created.value = made;
    reload();
  };
  subscriptions.want();
  const known = subscriptions.state.value;
  const ids = known.name === "ready" ? known.value.map(({ subscription }) => subscription.subscription_id) : [];
  return (
    <section class="card stack tight" aria-labelledby="webhooks">
      <div class="row apart">
        <h2 id="webhooks">Webhooks</h2>
        <Button size="small" icon="plus" disabled={ids.length === 0} onClick={() => (isAdding.value = true)}>
          Add a webhook
        </Button>
      </div>
      <p class="soft">
        Your programs are told when a standing changes, a balance is low or an epoch is settled: by a signed message to a
        URL of yours, repeated for a day until it is taken.
      </p>
      <Show of={webhooks} height={4}>
        {({ items }) => (
          <div class="stack tight">
            {items.length === 0 && <p class="faint">No webhooks yet.</p>}
            <ul class="webhooks">
              {items.map((one) => (
                <WebhookItem key={one.webhook_id} webhook={one} onChanged={reload} onRotated={shown} />
              ))}
            </ul>
            <ShowMore of={webhooks} />
          </div>
        )}
      </Show>
      {isAdding.value && <AddWebhook ids={ids} onCreated={shown} onClose={() => (isAdding.value = false)} />}
      {created.value !== null && <NewSecret created={created.value} onClose={() => (created.value = null)} />}
    </section>
  );
}

/** The secret by which a receiver checks messages, which is shown this once. */
function NewSecret({ created, onClose }: { readonly created: CreatedWebhook; readonly onClose: () => void }) {
  const actions = (
    <Button kind="primary" onClick={onClose}>
      I have kept it
    </Button>
  );
  const isRotated = created.webhook.old_secret_until !== null;
  return (
    <Dialog title="The secret of your webhook" onClose={onClose} actions={actions}>
      <Notice tone="warn">Copy it now. It is shown this once: a lost secret is rotated, not found.</Notice>
      <Secret text={created.secret} label="Secret" />
      <p class="soft">
        Each message is signed with it, as the specification of Standard Webhooks says. Check the signature before you
        believe a message.
      </p>
      {isRotated && <p class="soft">For a day messages are signed with the secret before it too.</p>}
    </Dialog>
  );
}
