import type { ComponentChildren } from "preact";

interface FormProps {
  readonly onSubmit: () => void;
  readonly children: ComponentChildren;
}

/** Fields below each other, and what is done with them. */
export function Form({ onSubmit, children }: FormProps) {
  return (
    <form
      class="stack tight"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}
