import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface MenuProps {
  readonly label: string;
  readonly face: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A button that opens a small panel of links and buttons. Escape, a choice or a click elsewhere closes it. */
export function Menu({ label, face, children }: MenuProps) {
  const id = useId();
  const isOpen = useSignal(false);
  const whole = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const elsewhere = (event: Event) => {
      if (!whole.current?.contains(event.target as Node)) isOpen.value = false;
    };
    document.addEventListener("pointerdown", elsewhere);
    document.addEventListener("focusin", elsewhere);
    return () => {
      document.removeEventListener("pointerdown", elsewhere);
      document.removeEventListener("focusin", elsewhere);
    };
  }, []);
  const close = () => {
    isOpen.value = false;
    whole.current?.querySelector("button")?.focus();
  };
  return (
    <div class="menu" ref={whole} onKeyDown={(event) => event.key === "Escape" && close()}>
      <button
        type="button"
        class="menu-face"
        aria-label={label}
        aria-expanded={isOpen.value}
        aria-controls={id}
        onClick={() => (isOpen.value = !isOpen.value)}
      >
        {face}
      </button>
      <div
        id={id}
        class="menu-panel"
        hidden={!isOpen.value}
        onClick={(event) => {
          if ((event.target as Element).closest(".menu-item") !== null) isOpen.value = false;
        }}
      >
        {children}
      </div>
    </div>
  );
}
