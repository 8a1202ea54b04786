import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";

import type { Chosen, CreatedWebhook } from "../../../api/operations.ts";
import { Button } from "../../components/Button.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { useDoing } from "../../components/doing.ts";
import { Field, Select } from "../../components/Field.tsx";
import { Refused } from "../../components/Refused.tsx";
import { chosen } from "../../stores/chosen.ts";
import { call } from "../../stores/server.ts";
import { EVENTS, urlError } from "./webhook-words.ts";

interface AddWebhookProps {
  /** The account's subscriptions; there is one at least. */
  readonly ids: readonly string[];
  readonly onCreated: (created: CreatedWebhook) => void;
  readonly onClose: () => void;
}

export function AddWebhook({ ids, onCreated, onClose }: AddWebhookProps) {
  const url = useSignal("");
  const events = useSignal<readonly Chosen[]>(EVENTS.map(({ type }) => type));
  const id = useSignal(chosen.peek()?.subscription.subscription_id ?? ids[0] ?? "");
  const doing = useDoing();
  // The same for every attempt, so that a lost answer makes no second webhook.
  const request = useRef(crypto.randomUUID());
  const changed = () => void (request.current = crypto.randomUUID());
  const error = urlError(url.value);
  const create = () =>
    doing.run(async () => {
      const header = { "Idempotency-Key": request.current };
      const body = { subscription_id: id.peek(), url: url.peek(), events: events.peek() };
      onCreated(await call("POST /v1/webhooks", { header, body }));
    });
  const toggle = (type: Chosen) => {
    const { value } = events;
    events.value = value.includes(type) ? value.filter((one) => one !== type) : [...value, type];
    changed();
  };
  const isIncomplete = url.value === "" || error !== undefined || events.value.length === 0;
  const actions = (
    <>
      <Button kind="quiet" onClick={onClose}>
        Cancel
      </Button>
      <Button kind="primary" isBusy={doing.isBusy} disabled={isIncomplete} onClick={() => void create()}>
        Add the webhook
      </Button>
    </>
  );
  return (
    <Dialog title="Add a webhook" onClose={onClose} actions={actions}>
      <Refused failure={doing.failure} />
      <Field
        label="URL"
        hint="A public address of your own program, by HTTPS."
        value={url.value}
        error={error}
        placeholder="https://example.com/hooks"
        onInput={(text) => {
          url.value = text.trim();
          changed();
        }}
      />
      {ids.length > 1 && (
        <Select
          label="Subscription"
          value={id.value}
          options={ids.map((one) => ({ value: one, label: `Subscription ${one}` }))}
          onChange={(one) => {
            id.value = one;
            changed();
          }}
        />
      )}
      <fieldset class="webhook-events">
        <legend class="field-label">It is told of</legend>
        {EVENTS.map(({ type, label, hint }) => (
          <label key={type}>
            <input type="checkbox" checked={events.value.includes(type)} onChange={() => toggle(type)} />
            <span>
              {label} <span class="soft small">{hint}</span>
            </span>
          </label>
        ))}
      </fieldset>
    </Dialog>
  );
}
