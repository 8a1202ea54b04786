import { useId } from "preact/hooks";
import type { ComponentChildren } from "preact";

interface Words {
  readonly label: string;
  /** What to know before one fills it in. */
  readonly hint?: ComponentChildren;
  /** What is wrong with what is there now. */
  readonly error?: string | null | undefined;
}

interface TextProps extends Words {
  readonly value: string;
  readonly onInput: (text: string) => void;
  readonly type?: "text" | "search" | "number" | "datetime-local" | "month" | "date";
  readonly placeholder?: string | undefined;
  /** A unit that stands at the end of the field. */
  readonly unit?: string | undefined;
  /** What phones show: `decimal` for amounts. */
  readonly inputMode?: "text" | "decimal" | "numeric" | "search";
  readonly disabled?: boolean | undefined;
  readonly hideLabel?: boolean;
}

/** One line of text with its label, hint and error, which screen readers read with it. */
export function Field({ label, hint, error, value, onInput, unit, hideLabel = false, ...input }: TextProps) {
  const id = useId();
  return (
    <div class={error ? "field wrong" : "field"}>
      <label for={id} class={hideLabel ? "unseen" : undefined}>
        {label}
      </label>
      <span class="field-box">
        <input
          id={id}
          {...(input as object)}
          value={value}
          autocomplete="off"
          aria-invalid={error ? true : undefined}
          aria-describedby={`${id}-hint`}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
        {unit !== undefined && <span class="field-unit">{unit}</span>}
      </span>
      <Hint id={`${id}-hint`} hint={hint} error={error} />
    </div>
  );
}

interface SelectProps<V extends string> extends Words {
  readonly value: V;
  readonly onChange: (value: V) => void;
  readonly options: readonly { readonly value: V; readonly label: string }[];
  readonly hideLabel?: boolean;
}

export function Select<V extends string>({ label, hint, error, value, onChange, options, hideLabel }: SelectProps<V>) {
  const id = useId();
  return (
    <div class={error ? "field wrong" : "field"}>
      <label for={id} class={hideLabel ? "unseen" : undefined}>
        {label}
      </label>
      <span class="field-box">
        <select
          id={id}
          value={value}
          aria-describedby={`${id}-hint`}
          onChange={(event) => onChange(event.currentTarget.value as V)}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      </span>
      <Hint id={`${id}-hint`} hint={hint} error={error} />
    </div>
  );
}

function Hint({ id, hint, error }: { readonly id: string } & Omit<Words, "label">) {
  if (hint === undefined && error === undefined) return null;
  const text = error ?? hint;
  return (
    <p id={id} class="field-hint" role={error ? "alert" : undefined}>
      {text}
    </p>
  );
}
