import { Icon } from "../components/Icon.tsx";
import { dismiss, toasts } from "../stores/toasts.ts";

const ICONS = { info: "info", good: "check", bad: "alert" } as const;

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, tone, text }) => (
        <div key={id} class={`toast ${tone}`}>
          <Icon name={ICONS[tone]} size={18} />
          <span>{text}</span>
          <button type="button" class="icon-button" aria-label="Close this message" onClick={() => dismiss(id)}>
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </div>
  );
}
