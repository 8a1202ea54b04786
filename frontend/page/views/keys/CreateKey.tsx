import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";

import type { CreatedKey } from "../../../api/operations.ts";
import { Field } from "../../components/Field.tsx";
import { RequestDialog } from "../../components/RequestDialog.tsx";
import { now } from "../../stores/clock.ts";
import { call } from "../../stores/server.ts";
import { EMPTY_FORM, errorsOf, requestOf, type KeyForm } from "./limits.ts";
import { ModelChoice } from "./ModelChoice.tsx";
import { NewKey } from "./NewKey.tsx";

interface CreateKeyProps {
  readonly subscriptionId: string;
  readonly onCreated: () => void;
  readonly onClose: () => void;
}

export function CreateKey({ subscriptionId, onCreated, onClose }: CreateKeyProps) {
  const form = useSignal<KeyForm>(EMPTY_FORM);
  const created = useSignal<CreatedKey | null>(null);
  // The same for every attempt, so that a lost answer makes no second key.
  const request = useRef(crypto.randomUUID());
  const errors = errorsOf(form.value, now.peek());
  const isWrong = Object.keys(errors).length > 0;
  const create = async () => {
    const header = { "Idempotency-Key": request.current };
    created.value = await call("POST /v1/keys", { header, body: requestOf(subscriptionId, form.peek()) });
    onCreated();
  };
  if (created.value !== null) return <NewKey created={created.value} title="Your new key" onClose={onClose} />;
  const set = (change: Partial<KeyForm>) => {
    form.value = { ...form.value, ...change };
    request.current = crypto.randomUUID();
  };
  return (
    <RequestDialog title="Create a key" yes="Create the key" isBlocked={isWrong} act={create} onClose={onClose}>
      <Field
        label="Name"
        hint="To tell it from your other keys: a program, a person, a project."
        value={form.value.alias}
        error={errors.alias}
        placeholder="production"
        onInput={(alias) => set({ alias })}
      />
      <Field
        label="Cap"
        hint="What it may use in all. Empty: as much as the subscription can pay for."
        value={form.value.cap}
        error={errors.cap}
        inputMode="numeric"
        unit="rated tokens"
        onInput={(cap) => set({ cap })}
      />
      <details class="more">
        <summary>More limits</summary>
        <div class="stack tight">
          <ModelChoice chosen={form.value.models} onChange={(models) => set({ models })} />
          <Field
            label="Ends at"
            hint="In your own time zone. Empty: it never ends by itself."
            type="datetime-local"
            value={form.value.expires}
            error={errors.expires}
            onInput={(expires) => set({ expires })}
          />
          <Field
            label="Calls a minute"
            value={form.value.requests}
            error={errors.requests}
            inputMode="numeric"
            onInput={(requests) => set({ requests })}
          />
          <Field
            label="Tokens a minute"
            value={form.value.tokens}
            error={errors.tokens}
            inputMode="numeric"
            onInput={(tokens) => set({ tokens })}
          />
        </div>
      </details>
    </RequestDialog>
  );
}
