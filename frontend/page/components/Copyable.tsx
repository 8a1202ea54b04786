import { useSignal } from "@preact/signals";

import { Icon } from "./Icon.tsx";

const SHOWN_MS = 2_000;

/** A button that copies `text`, and says so to everybody. */
export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const state = useSignal<"idle" | "copied" | "failed">("idle");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      state.value = "copied";
    } catch {
      state.value = "failed";
    }
    setTimeout(() => (state.value = "idle"), SHOWN_MS);
  };
  const said = { idle: "Copy", copied: "Copied", failed: "Select and copy it" }[state.value];
  return (
    <button type="button" class="copy" aria-label={`${label}: ${said}`} onClick={() => void copy()}>
      <Icon name={state.value === "copied" ? "check" : "copy"} size={16} />
      <span aria-live="polite">{said}</span>
    </button>
  );
}

/** A long text on one line, such as an address or a hash: its middle is left out where there is no room. */
export function Copyable({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <span class="copyable">
      <code class="copyable-text" title={text}>
        <span class="copyable-head">{text.slice(0, -6)}</span>
        <span>{text.slice(-6)}</span>
      </code>
      <CopyButton text={text} label={label} />
    </span>
  );
}
