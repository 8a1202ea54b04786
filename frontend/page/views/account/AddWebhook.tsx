import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";

import type { Chosen, CreatedWebhook } from "../../../api/operations.ts";
import { Field, Select } from "../../components/Field.tsx";
import { RequestDialog } from "../../components/RequestDialog.tsx";
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
  // The same for every attempt, so that a lost answer makes no second webhook.
  const request = useRef(crypto.randomUUID());
  const changed = () => void (request.current = crypto.randomUUID());
  const error = urlError(url.value);
  const create = async () => {
    const header = { "Idempotency-Key": request.current };
    const body = { subscription_id: id.peek(), url: url.peek(), events: events.peek() };
    onCreated(await call("POST /v1/webhooks", { header, body }));
  };
  const toggle = (type: Chosen) => {
    const { value } = events;
    events.value = value.includes(type) ? value.filter((one) => one !== type) : [...value, type];
    changed();
  };
  const isIncomplete = url.value === "" || error !== undefined || events.value.length === 0;
  return (
    <RequestDialog title="Add a webhook" yes="Add the webhook" isBlocked={isIncomplete} act={create} onClose={onClose}>
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
    </RequestDialog>
  );
}
