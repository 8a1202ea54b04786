import type { Signal } from "@preact/signals";

import { Field } from "../../components/Field.tsx";
import { readMoney } from "../../text/amounts.ts";

interface AmountFieldProps {
  readonly label: string;
  readonly hint: string;
  readonly text: Signal<string>;
  readonly symbol: string;
  readonly placeholder?: string;
  /** What is wrong with an amount that can be read. */
  readonly error?: string | null;
}

/** An amount of the token of the deposits, as somebody types it. */
export function AmountField({ text, symbol, error = null, ...words }: AmountFieldProps) {
  const isNone = text.value !== "" && readMoney(text.value) === null;
  return (
    <Field
      {...words}
      value={text.value}
      unit={symbol}
      inputMode="decimal"
      error={isNone ? "An amount such as 12.5, above zero." : error}
      onInput={(next) => (text.value = next)}
    />
  );
}
