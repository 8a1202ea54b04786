import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

interface TabsProps {
  readonly label: string;
  readonly tabs: readonly { readonly name: string; readonly content: ComponentChildren }[];
}

/** Tabs as ARIA has them: arrows move between them, Tab moves into what is shown. */
export function Tabs({ label, tabs }: TabsProps) {
  const id = useId();
  const shown = useSignal(0);
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -shown.value, End: tabs.length - 1 - shown.value }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    shown.value = (shown.value + step + tabs.length) % tabs.length;
    (list.current?.children[shown.value] as HTMLElement | undefined)?.focus();
  };
  return (
    <div class="tabs">
      <div class="tab-list" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
        {tabs.map(({ name }, index) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-tab-${index}`}
            aria-controls={`${id}-panel`}
            aria-selected={index === shown.value}
            tabIndex={index === shown.value ? 0 : -1}
            onClick={() => (shown.value = index)}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-tab-${shown.value}`}>
        {tabs[shown.value]?.content}
      </div>
    </div>
  );
}
