import type { ComponentChildren } from "preact";

interface BadgeProps {
  readonly tone?: "good" | "warn" | "bad" | "accent" | undefined;
  readonly children: ComponentChildren;
}

/** A state in a word or two. The word says it all; the colour only repeats it. */
export function Badge({ tone, children }: BadgeProps) {
  return <span class={tone === undefined ? "badge" : `badge ${tone}`}>{children}</span>;
}
