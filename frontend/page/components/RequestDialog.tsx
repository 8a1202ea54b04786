import type { ComponentChildren } from "preact";

import { Button } from "./Button.tsx";
import { Dialog } from "./Dialog.tsx";
import { useDoing } from "./doing.ts";
import { Refused } from "./Refused.tsx";

interface RequestDialogProps {
  readonly title: string;
  /** The button that does it. */
  readonly yes: string;
  /** The button that leaves all as it is. */
  readonly no?: string;
  readonly kind?: "primary" | "danger";
  /** What is filled in does not suffice. */
  readonly isBlocked?: boolean;
  readonly act: () => Promise<void>;
  readonly onClose: () => void;
  /** What it does, and the fields that it needs. */
  readonly children: ComponentChildren;
}

/** A dialog that does one thing at a button. Where that fails, it stays and says why. */
export function RequestDialog({ title, yes, no = "Cancel", kind = "primary", isBlocked, act, onClose, children }: RequestDialogProps) {
  const doing = useDoing();
  const actions = (
    <>
      <Button kind="quiet" onClick={onClose}>
        {no}
      </Button>
      <Button kind={kind} isBusy={doing.isBusy} disabled={isBlocked} onClick={() => void doing.run(act)}>
        {yes}
      </Button>
    </>
  );
  return (
    <Dialog title={title} onClose={onClose} actions={actions}>
      <Refused failure={doing.failure} />
      {children}
    </Dialog>
  );
}
