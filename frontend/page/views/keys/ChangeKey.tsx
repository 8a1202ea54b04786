import { useSignal } from "@preact/signals";

import type { Key } from "../../../api/operations.ts";
import { countText } from "../../../verify/amounts.ts";
import { Button } from "../../components/Button.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { useDoing } from "../../components/doing.ts";
import { Field } from "../../components/Field.tsx";
import { Refused } from "../../components/Refused.tsx";
import { call } from "../../stores/server.ts";
import { wholeNumber } from "./limits.ts";

interface ChangeKeyProps {
  readonly ofKey: Key;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

/** Another name and another cap for a key. */
export function ChangeKey({ ofKey, onChanged, onClose }: ChangeKeyProps) {
  const before = ofKey.cap_microtokens === null ? "" : countText(BigInt(ofKey.cap_microtokens) / 1_000_000n);
  const alias = useSignal(ofKey.alias);
  const cap = useSignal(before);
  const doing = useDoing();
  const isWrong = cap.value.trim() !== "" && wholeNumber(cap.value) === null;
  const change = () =>
    doing.run(async () => {
      const body = {
        alias: alias.peek().trim(),
        ...(cap.peek() === before ? {} : { cap_rated_tokens: wholeNumber(cap.peek()) }),
      };
      await call("PATCH /v1/keys/{key_hash}", { path: { key_hash: ofKey.key_hash }, body });
      onChanged();
      onClose();
    });
  const actions = (
    <>
      <Button kind="quiet" onClick={onClose}>
        Cancel
      </Button>
      <Button kind="primary" isBusy={doing.isBusy} disabled={isWrong} onClick={() => void change()}>
        Save
      </Button>
    </>
  );
  return (
    <Dialog title="Name and cap" onClose={onClose} actions={actions}>
      <Refused failure={doing.failure} />
      <Field label="Name" value={alias.value} onInput={(text) => (alias.value = text)} />
      <Field
        label="Cap"
        hint="What it may use in all, with what it has used already. Empty: no cap."
        error={isWrong ? "A whole number above zero." : null}
        value={cap.value}
        inputMode="numeric"
        unit="rated tokens"
        onInput={(text) => (cap.value = text)}
      />
    </Dialog>
  );
}
