import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

import type { OwnerTransaction } from "../../flow/transactions.ts";
import { readAgainSoon } from "../stores/flow.ts";
import { Transaction } from "./Transaction.tsx";
import "./action.css";

interface ActionProps {
  readonly title: string;
  /** What is there before a transaction is reviewed; `review` shows one. */
  readonly children: (review: (transaction: OwnerTransaction) => void) => ComponentChildren;
  /** A transaction is sealed. */
  readonly onSealed?: () => void;
}

/** A card in which an owner decides something and signs it. */
export function Action({ title, children, onSealed }: ActionProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const reviewed = useSignal<OwnerTransaction | null>(null);
  const close = () => {
    reviewed.value = null;
    heading.current?.focus();
  };
  const sealed = () => {
    readAgainSoon();
    onSealed?.();
  };
  return (
    <section class="card action" aria-label={title}>
      <h2 ref={heading} tabIndex={-1}>
        {reviewed.value?.title ?? title}
      </h2>
      {reviewed.value === null ? (
        children((transaction) => (reviewed.value = transaction))
      ) : (
        <Transaction transaction={reviewed.value} onSealed={sealed} onClose={close} isTitled={false} />
      )}
    </section>
  );
}
