import type { ComponentChildren } from "preact";

import { Icon, type IconName } from "./Icon.tsx";

type Kind = "primary" | "plain" | "quiet" | "danger";

interface Look {
  /** `primary`: the one thing to do here. `quiet`: beside others. `danger`: what cannot be taken back. */
  readonly kind?: Kind | undefined;
  readonly icon?: IconName | undefined;
  readonly size?: "small" | "large" | undefined;
  readonly children: ComponentChildren;
}

interface ButtonProps extends Look {
  readonly onClick?: ((event: MouseEvent) => void) | undefined;
  /** It runs: the button keeps its width, shows that, and cannot be pressed again. */
  readonly isBusy?: boolean | undefined;
  readonly disabled?: boolean | undefined;
  readonly type?: "button" | "submit";
  readonly label?: string | undefined;
}

export function Button({ isBusy = false, disabled = false, type = "button", label, onClick, ...look }: ButtonProps) {
  return (
    <button
      type={type}
      class={classOf(look)}
      disabled={disabled}
      aria-disabled={isBusy || undefined}
      aria-busy={isBusy || undefined}
      aria-label={label}
      onClick={(event) => {
        if (isBusy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      <Face {...look} />
      {isBusy && <span class="spinner" aria-hidden="true" />}
    </button>
  );
}

/** A link that looks like a button; it leads to another view or place. */
export function ButtonLink({ href, ...look }: Look & { readonly href: string }) {
  return (
    <a class={classOf(look)} href={href}>
      <Face {...look} />
    </a>
  );
}

function Face({ icon, children }: Pick<Look, "icon" | "children">) {
  return (
    <span class="button-face">
      {icon !== undefined && <Icon name={icon} size={18} />}
      {children}
    </span>
  );
}

function classOf({ kind = "plain", size }: Pick<Look, "kind" | "size">): string {
  return ["button", kind, size].filter(Boolean).join(" ");
}
