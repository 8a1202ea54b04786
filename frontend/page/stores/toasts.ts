import { signal } from "@preact/signals";

export interface Toast {
  readonly id: number;
  readonly tone: "info" | "good" | "bad";
  readonly text: string;
}

const SHOWN_MS = 6_000;
const AT_ONCE_MAX = 4;

export const toasts = signal<readonly Toast[]>([]);
let last = 0;

/** Says something in a corner of the page, and to screen readers. What must not be missed belongs into the view. */
export function say(tone: Toast["tone"], text: string): void {
  const toast = { id: ++last, tone, text };
  toasts.value = [...toasts.value, toast].slice(-AT_ONCE_MAX);
  setTimeout(() => dismiss(toast.id), SHOWN_MS);
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}
