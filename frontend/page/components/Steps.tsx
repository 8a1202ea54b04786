import type { ComponentChildren } from "preact";

import { Icon } from "./Icon.tsx";

export interface Step {
  readonly title: string;
  readonly state: "done" | "current" | "waiting";
  /** A line for those that are done or wait; everything there is to do in the current one. */
  readonly content?: ComponentChildren;
}

const SAID = { done: "done", current: "in progress", waiting: "not yet" } as const;

interface StepsProps {
  readonly steps: readonly Step[];
  /** Of the headings, so that they follow those around them. */
  readonly level?: 2 | 3;
}

/** Steps of something that is done one after the other. */
export function Steps({ steps, level = 3 }: StepsProps) {
  const Heading = `h${level}` as const;
  return (
    <ol class="steps">
      {steps.map(({ title, state, content }, index) => (
        <li key={title} class={`step ${state}`} aria-current={state === "current" ? "step" : undefined}>
          <span class="step-mark" aria-hidden="true">
            {state === "done" ? <Icon name="check" size={16} /> : index + 1}
          </span>
          <div class="step-body">
            <Heading class="step-title">
              {title} <span class="unseen">({SAID[state]})</span>
            </Heading>
            {content}
          </div>
        </li>
      ))}
    </ol>
  );
}
