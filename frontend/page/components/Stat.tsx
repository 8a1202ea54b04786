import type { ComponentChildren } from "preact";

interface StatProps {
  readonly label: string;
  readonly value: ComponentChildren;
  /** A line below the value: what it is made of, since when. Without one its room stays, of which nobody is told. */
  readonly note?: ComponentChildren;
  readonly tone?: "warn" | "bad" | undefined;
}

/** One number that matters, with its name. Put several into `<Stats>`. */
export function Stat({ label, value, note, tone }: StatProps) {
  return (
    <div class={tone === undefined ? "stat" : `stat ${tone}`}>
      <dt>{label}</dt>
      <dd class="stat-value numbers">{value}</dd>
      <dd class="stat-note" aria-hidden={note ? undefined : true}>
        {note}
      </dd>
    </div>
  );
}

export function Stats({ children }: { readonly children: ComponentChildren }) {
  return <dl class="stats">{children}</dl>;
}
