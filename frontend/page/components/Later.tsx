import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

/** What lies below the first screen: it is drawn a moment after what is on it, so that a phone shows that sooner. */
export function Later({ children }: { readonly children: ComponentChildren }) {
  const isDue = useSignal(false);
  useEffect(() => {
    const timer = setTimeout(() => (isDue.value = true));
    return () => clearTimeout(timer);
  }, []);
  return isDue.value ? <>{children}</> : null;
}
