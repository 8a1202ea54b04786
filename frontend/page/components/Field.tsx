import type { Signal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { ComponentChildren } from "preact";

interface Words {
  readonly label: string;
  /** What to know before one fills it in. */
  readonly hint?: ComponentChildren;
  /** What is wrong with what is there now. */
  readonly error?: string | null | undefined;
  readonly hideLabel?: boolean | undefined;
}

interface TextProps extends Words {
  readonly value: string;
  readonly onInput: (text: string) => void;
  readonly type?: "text" | "search" | "datetime-local";
  readonly placeholder?: string | undefined;
  /** A unit that stands at the end of the field. */
  readonly unit?: string | undefined;
  /** What phones show: `decimal` for amounts. */
  readonly inputMode?: "decimal" | "numeric";
}

/** One line of text with its label, hint and error, which screen readers read with it. */
export function Field({ label, hint, error, hideLabel, value, onInput, unit, ...input }: TextProps) {
  const id = useId();
  const words = { label, hint, error, hideLabel };
  return (
    <Labelled id={id} {...words}>
      <input
        id={id}
        {...(input as object)}
        value={value}
        autocomplete="off"
        aria-invalid={words.error ? true : undefined}
        aria-describedby={`${id}-hint`}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {unit !== undefined && <span class="field-unit">{unit}</span>}
    </Labelled>
  );
}

interface SelectProps<V extends string> extends Words {
  readonly value: V;
  readonly onChange: (value: V) => void;
  readonly options: readonly { readonly value: V; readonly label: string }[];
}

export function Select<V extends string>({ value, onChange, options, ...words }: SelectProps<V>) {
  const id = useId();
  return (
    <Labelled id={id} {...words}>
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
    </Labelled>
  );
}

interface AreaProps extends Words {
  readonly text: Signal<string>;
  readonly rows?: number;
  /** It is for programs, not for people. */
  readonly isCode?: boolean;
}

/** Text of several lines. */
export function Area({ text, rows, isCode = false, ...words }: AreaProps) {
  const id = useId();
  return (
    <Labelled id={id} {...words}>
      <textarea
        id={id}
        class={isCode ? "mono" : undefined}
        rows={rows}
        spellcheck={isCode ? false : undefined}
        autocomplete="off"
        aria-describedby={`${id}-hint`}
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
    </Labelled>
  );
}

interface LabelledProps extends Words {
  /** Of what is filled in. */
  readonly id: string;
  readonly children: ComponentChildren;
}

/** What is filled in, with its words around it. */
function Labelled({ id, label, hint, error, hideLabel = false, children }: LabelledProps) {
  return (
    <div class={error ? "field wrong" : "field"}>
      <label for={id} class={hideLabel ? "unseen" : undefined}>
        {label}
      </label>
      <span class="field-box">{children}</span>
      {(hint !== undefined || error !== undefined) && (
        <p id={`${id}-hint`} class="field-hint" role={error ? "alert" : undefined}>
          {error ?? hint}
        </p>
      )}
    </div>
  );
}
