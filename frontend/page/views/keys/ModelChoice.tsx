import { useSignal } from "@preact/signals";

import { Field } from "../../components/Field.tsx";
import { Show } from "../../components/states.tsx";
import { priceBook } from "../../stores/server.ts";

interface ModelChoiceProps {
  readonly chosen: readonly string[];
  readonly onChange: (models: readonly string[]) => void;
}

const SHOWN_MAX = 50;

/** The models that a key may call, among those that have a price. None chosen: all of them. */
export function ModelChoice({ chosen, onChange }: ModelChoiceProps) {
  return (
    <Show of={priceBook} height={6}>
      {(book) => <Choice models={Object.keys(book.models)} chosen={chosen} onChange={onChange} />}
    </Show>
  );
}

function Choice({ models, chosen, onChange }: ModelChoiceProps & { readonly models: readonly string[] }) {
  const search = useSignal("");
  const wanted = search.value.trim().toLowerCase();
  const found = models.filter((model) => model.toLowerCase().includes(wanted));
  const shown = [...chosen, ...found.filter((model) => !chosen.includes(model))].slice(0, SHOWN_MAX);
  const toggle = (model: string) =>
    onChange(chosen.includes(model) ? chosen.filter((one) => one !== model) : [...chosen, model]);
  return (
    <fieldset class="models">
      <legend class="field-label">Models</legend>
      <Field
        label="Find a model"
        hideLabel
        type="search"
        placeholder="Find a model"
        value={search.value}
        hint={chosen.length === 0 ? "None chosen: it may call all of them." : `It may call ${chosen.length} of them only.`}
        onInput={(text) => (search.value = text)}
      />
      <div class="models-list">
        {shown.map((model) => (
          <label key={model}>
            <input type="checkbox" checked={chosen.includes(model)} onChange={() => toggle(model)} />
            <span class="mono">{model}</span>
          </label>
        ))}
        {shown.length === 0 && <p class="faint small">No model has this in its name.</p>}
        {found.length > SHOWN_MAX && <p class="faint small">There are more. Search for their name.</p>}
      </div>
    </fieldset>
  );
}
