import { useSignal } from "@preact/signals";

import type { CreatedWebhook, Webhook } from "../../../api/operations.ts";
import { Badge } from "../../components/Badge.tsx";
import { Button } from "../../components/Button.tsx";
import { RequestDialog } from "../../components/RequestDialog.tsx";
import { useDoing } from "../../components/doing.ts";
import { Refused } from "../../components/Refused.tsx";
import { call } from "../../stores/server.ts";
import { say } from "../../stores/toasts.ts";
import { shortMomentText } from "../../text/time.ts";
import { Deliveries } from "./Deliveries.tsx";
import { eventText, STATES } from "./webhook-words.ts";

interface WebhookItemProps {
  readonly webhook: Webhook;
  readonly onChanged: () => void;
  readonly onRotated: (rotated: CreatedWebhook) => void;
}

export function WebhookItem({ webhook, onChanged, onRotated }: WebhookItemProps) {
  const { webhook_id: id, url, state, failing_since: failing } = webhook;
  const doing = useDoing();
  const isOpen = useSignal(false);
  const isDeleting = useSignal(false);
  const isEnabled = state === "enabled";
  const words = STATES[state];
  const deliveries = isOpen.value ? "Hide deliveries" : "Deliveries";
  const setEnabled = (enabled: boolean) =>
    doing.run(async () => {
      await call("PATCH /v1/webhooks/{webhook_id}", { path: { webhook_id: id }, body: { enabled } });
      onChanged();
    });
  const rotate = () =>
    doing.run(async () => {
      const header = { "Idempotency-Key": crypto.randomUUID() };
      onRotated(await call("POST /v1/webhooks/{webhook_id}/secrets", { path: { webhook_id: id }, header }));
    });
  return (
    <li>
      <div class="webhook-name">
        <code>{url}</code> <Badge tone={words.tone}>{words.label}</Badge>
        <p class="soft small">
          Subscription {webhook.subscription_id}: {webhook.events.map(eventText).join(", ")}
        </p>
        {words.note !== null && <p class="soft small">{words.note}</p>}
        {isEnabled && failing !== null && <p class="soft small">Deliveries fail since {shortMomentText(failing)}.</p>}
      </div>
      <div class="webhook-actions">
        <Button size="small" label={`${deliveries} to ${url}`} onClick={() => (isOpen.value = !isOpen.value)}>
          {deliveries}
        </Button>
        <Button size="small" label={`Rotate secret of ${url}`} isBusy={doing.isBusy} onClick={() => void rotate()}>
          Rotate secret
        </Button>
        <Button
          size="small"
          label={`${isEnabled ? "Disable" : "Enable"} ${url}`}
          isBusy={doing.isBusy}
          onClick={() => void setEnabled(!isEnabled)}
        >
          {isEnabled ? "Disable" : "Enable"}
        </Button>
        <Button size="small" label={`Delete ${url}`} onClick={() => (isDeleting.value = true)}>
          Delete
        </Button>
      </div>
      <Refused failure={doing.failure} />
      {isOpen.value && <Deliveries webhook={webhook} onChanged={onChanged} />}
      {isDeleting.value && (
        <Delete webhook={webhook} onDeleted={onChanged} onClose={() => (isDeleting.value = false)} />
      )}
    </li>
  );
}

interface DeleteProps {
  readonly webhook: Webhook;
  readonly onDeleted: () => void;
  readonly onClose: () => void;
}

function Delete({ webhook: { webhook_id: id, url }, onDeleted, onClose }: DeleteProps) {
  const remove = async () => {
    await call("DELETE /v1/webhooks/{webhook_id}", { path: { webhook_id: id } });
    say("good", "The webhook is deleted.");
    onClose();
    onDeleted();
  };
  return (
    <RequestDialog title="Delete the webhook?" yes="Delete it" no="Keep it" kind="danger" act={remove} onClose={onClose}>
      <p>
        <code>{url}</code> is told nothing any more, and what was sent to it is no longer listed.
      </p>
    </RequestDialog>
  );
}
